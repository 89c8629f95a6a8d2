#!/usr/bin/env bash
# The differential run: every scripted call on a real Keystone (Debian) and on Tokenhouse, side by side. FAMILY=users,roles
# plays only those. How a run is read, and how differences are explained: the head of run.ts.
. "$(dirname "$0")/../lib.sh"
. "$E2E/keystone.sh"
use_memcached
cat > "$WORK/reference.conf" << 'CONF'
[oslo_policy]
enforce_scope = true
enforce_new_defaults = true
[security_compliance]
lockout_failure_attempts = 2
lockout_duration = 5
unique_last_password_count = 2
[identity]
domain_specific_drivers_enabled = true
domain_configurations_from_database = true
CONF
start_keystone "$WORK/reference.conf"
start_tokenhouse --lockout-failure-attempts 2 --lockout-duration 5 --unique-last-password-count 2 \
  --enforce-new-defaults --log-level error
"$NODE" "$REPO/bin/run.mjs" e2e/keystone-diff/run.ts --reference "$KS_URL" --reference-password "$KS_PASSWORD" \
  --subject "$TH_URL" --subject-password "$TH_PASSWORD" ${FAMILY:+--family "$FAMILY"}

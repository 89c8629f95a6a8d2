<?php
// Whom the module makes assertions for: the service provider by the name it has and by its consumer's address.
foreach (explode(' ', (string) getenv('SSP_REALMS')) as $realm) {
    $metadata[$realm] = ['prp' => $realm, 'simplesaml.nameidattribute' => 'uid'];
}

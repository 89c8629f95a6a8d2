<?php
$metadata['__DYNAMIC:1__'] = [
    'host' => '__DEFAULT__',
    'privatekey' => 'idp.key',
    'certificate' => 'idp.crt',
    'auth' => 'people',
    'saml20.ecp' => true,
    'assertion.encryption' => getenv('SSP_ENCRYPT') === '1',
];

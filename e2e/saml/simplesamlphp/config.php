<?php
// An identity provider at SSP_BASE that keeps everything in SSP_FOLDER and knows the service provider by its own metadata.
$folder = getenv('SSP_FOLDER');
$config = [
    'baseurlpath' => getenv('SSP_BASE') . '/',
    'certdir' => "$folder/",
    'loggingdir' => "$folder/",
    'datadir' => "$folder/",
    'tempdir' => "$folder/temp",
    'metadatadir' => __DIR__ . '/',
    'attributenamemapdir' => '/etc/simplesamlphp/attributemap/',
    'secretsalt' => 'only for this run',
    'auth.adminpassword' => 'only for this run',
    'technicalcontact_email' => 'nobody@example.org',
    'timezone' => 'UTC',
    'enable.saml20-idp' => true,
    'enable.adfs-idp' => true,
    'module.enable' => ['adfs' => true, 'exampleauth' => true, 'core' => true, 'saml' => true],
    'logging.handler' => 'file',
    'logging.level' => SimpleSAML\Logger::WARNING,
    'store.type' => 'phpsession',
    'session.phpsession.savepath' => "$folder/temp",
    'session.phpsession.cookiename' => 'SimpleSAML',
    'session.cookie.secure' => false,
    'session.cookie.samesite' => null,
    'language.cookie.secure' => false,
    'language.cookie.samesite' => null,
    'metadata.sources' => [['type' => 'flatfile'], ['type' => 'xml', 'file' => "$folder/tokenhouse.xml"]],
];

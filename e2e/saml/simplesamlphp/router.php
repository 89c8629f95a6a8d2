<?php
// What Apache does for SimpleSAMLphp: `/module.php/core/x.php` is the script module.php with a path behind it.
$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
$root = '/usr/share/simplesamlphp/www';
if (!preg_match('#^(/.+?\.php)(/.*)?$#', $path, $parts) || !is_file($root . $parts[1])) {
    return false;
}
$_SERVER['SCRIPT_NAME'] = $parts[1];
$_SERVER['SCRIPT_FILENAME'] = $root . $parts[1];
$_SERVER['PATH_INFO'] = $parts[2] ?? '';
$_SERVER['PHP_SELF'] = $path;
chdir(dirname($_SERVER['SCRIPT_FILENAME']));
require $_SERVER['SCRIPT_FILENAME'];

<?php
$config = [
    'people' => [
        'exampleauth:UserPass',
        'bob:secret' => ['uid' => ['bob'], 'groups' => ['staff', 'devs']],
    ],
];

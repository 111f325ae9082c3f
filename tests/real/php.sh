# php-fpm with a pool of another user, over TCP and over a Unix socket; its scripts start programs and connect.
mkdir -p /tmp/php /run/php
cat >/tmp/php/fpm.conf <<'EOF'
[global]
daemonize = no
error_log = /tmp/php/log
[tcp]
user = www-data
group = www-data
listen = 127.0.0.1:9001
pm = static
pm.max_children = 2
[unix]
user = www-data
group = www-data
listen = /tmp/php/sock
pm = static
pm.max_children = 1
EOF
cat >/tmp/php/real.php <<'EOF'
<?php
echo "as ", posix_getuid(), ", a program says ", shell_exec("echo hello | tr a-z A-Z");
$socket = stream_socket_client("tcp://127.0.0.1:9001", $errno, $error, 2);
echo $socket ? "connected\n" : "$error\n";
$socket = @stream_socket_client("tcp://127.0.0.1:1", $errno, $error, 2);
echo $socket ? "connected\n" : "$error\n";
EOF
chmod -R a+rX /tmp/php
fpm=$(echo /usr/sbin/php-fpm*)
"$fpm" -y /tmp/php/fpm.conf &
wait_for 9001
export SCRIPT_FILENAME=/tmp/php/real.php REQUEST_METHOD=GET
cgi-fcgi -bind -connect 127.0.0.1:9001 | tail -n 4
cgi-fcgi -bind -connect /tmp/php/sock | tail -n 4
kill -QUIT $!
wait
echo "ended with $?"

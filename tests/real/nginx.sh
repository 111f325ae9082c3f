# nginx with workers that change their user, under load.
mkdir -p /tmp/www && echo 'a page' >/tmp/www/index.html
cat >/tmp/nginx.conf <<'EOF'
user www-data;
worker_processes 2;
daemon off;
pid /tmp/nginx.pid;
error_log /tmp/nginx.err;
events { worker_connections 256; }
http {
	access_log off;
	root /tmp/www;
	server { listen 127.0.0.1:8081; location /up { proxy_pass http://127.0.0.1:8082/; } }
	server { listen 127.0.0.1:8082; }
}
EOF
nginx -c /tmp/nginx.conf &
wait_for 8081
for pid in $(cat "/proc/$(cat /tmp/nginx.pid)/task/$(cat /tmp/nginx.pid)/children"); do
	sed -n 's/^Uid:\t\([0-9]*\).*/worker runs as \1/p' "/proc/$pid/status"
done
echo "page: $(fetch 8081 /), through the proxy: $(fetch 8081 /up)"
for path in / /up; do
	wrk -t 2 -c 20 -d 1s "http://127.0.0.1:8081$path" >/tmp/wrk
	grep -E 'Socket errors|Non-2xx' /tmp/wrk || echo "$path under load: no errors"
done
nginx -c /tmp/nginx.conf -s reload 2>/dev/null && sleep 0.5
echo "page after a reload: $(fetch 8081 /)"
nginx -c /tmp/nginx.conf -s quit 2>/dev/null
wait
echo "ended with $?"

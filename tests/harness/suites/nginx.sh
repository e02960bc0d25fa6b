#!/bin/sh
# nginx.sh PORT FOLDER -- nginx in the foreground, with all of its files in FOLDER.
set -eu
PATH=$PATH:/usr/sbin
user=
[ "$(id -u)" != 0 ] || user="user $(id -un);"
seq 1 2000 >"$2/data"
cat >"$2/nginx.conf" <<END
$user
daemon off;
worker_processes 1;
pid $2/nginx.pid;
error_log stderr;
events { }
http {
	access_log off;
	client_body_temp_path $2/body;
	proxy_temp_path $2/proxy;
	fastcgi_temp_path $2/fastcgi;
	uwsgi_temp_path $2/uwsgi;
	scgi_temp_path $2/scgi;
	server { listen 127.0.0.1:$1; root $2; }
}
END
exec nginx -e stderr -c "$2/nginx.conf"

# By what name a program is judged. shellcheck shell=sh
cp /usr/bin/id "$T/good"
cp /usr/bin/id "$T/bad"
mkdir "$T/dir" "$T/deep"
policy "{\"exec\": {\"allow\": [\"/usr/bin/*\", \"$T/good\", \"$T/deep/**\", \"$T/*/in\"]}}"

under "$T/good" -u
status_is 0 'an allowed path'
under "$T/bad" -u
status_is 126 'its neighbour'
ln -s bad "$T/link-to-bad"
ln -s good "$T/link-to-good"
under "$T/link-to-good" -u
status_is 0 'a symlink is judged by its target: allowed'
under "$T/link-to-bad" -u
status_is 126 'a symlink is judged by its target: refused'
under ./good -u
status_is 0 'a relative path: allowed'
under ./bad -u
status_is 126 'a relative path: refused'
under "$T/dir/../bad" -u
status_is 126 'dots in a path'
under "$T//.//bad" -u
status_is 126 'slashes and dots in a path'
ln "$T/bad" "$T/deep/other-name"
under "$T/deep/other-name" -u
status_is 0 'a hard link is judged by the name it is run by'
cp /usr/bin/id "$T/dir/in"
under "$T/dir/in" -u
status_is 0 'a component of any name'

long=$T/deep
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do
	long=$long/$(printf '%0250d' $i)
	mkdir "$long"
done
cp /usr/bin/id "$long/id"
under "$long/id" -u
status_is 0 "a path of ${#long} bytes is allowed as any other"
mkdir -p "$T/many"
many=$T/many
i=0
while [ $i -lt 300 ]; do
	many=$many/d
	i=$((i + 1))
done
mkdir -p "$many"
cp /usr/bin/id "$many/id"
under "$many/id" -u
status_is 126 'a path of 300 components is refused as any other'
policy "{\"exec\": {\"allow\": [\"/usr/bin/*\", \"$T/many/**/id\"]}}"
under "$many/id" -u
status_is 0 'and allowed as any other'

odd=$(printf '%s/odd\n"name\\\377' "$T")
cp /usr/bin/id "$odd"
under "$odd" -u
status_is 126 'a name with a newline, a quote and a byte that is no UTF-8'
audit_has 'odd\n\"name\\x5c\\xff"' 'is escaped in the audit'
ok 'and cannot break its line' [ "$(grep -c . "$T/audit")" = 3 ]
policy "{\"exec\": {\"allow\": [\"$T/odd?*\"]}}"
under "$odd" -u
status_is 0 'and can be allowed by a pattern'

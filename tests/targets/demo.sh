#!/bin/sh
# SPDX-License-Identifier: MIT
#
# demo.sh BUILD -- what `make demo` shows: a careless and a careful program under the same scenario, their calls around
# the fault, and what each of them made of it. Ends with 0 if the careless one went wrong and the careful one did not.
# Needs what a bare Debian has: sh, sed, grep.
set -u

build=$1
name=peer-resets-in-mid-reply
scenario=scenarios/$name.fault
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM

bold='' red='' green='' faint='' off=''
if [ -t 1 ] && [ "${TERM:-dumb}" != dumb ] && [ -z "${NO_COLOR:-}" ]; then
	bold=$(printf '\033[1m') red=$(printf '\033[1;31m') green=$(printf '\033[1;32m')
	faint=$(printf '\033[2m') off=$(printf '\033[0m')
fi

# Runs a program under the scenario. Sets status and said; the trace goes into the folder.
try() {
	said=$("$build/sockfault" run --quiet --timeout 20s --trace "$folder/$1" -s "$scenario" \
		--peer "$build/targets/robust-echo-server 127.0.0.1 {port}" \
		-- "$build/targets/$1" 127.0.0.1 '{port}' hello 2>"$folder/err")
	status=$?
}

# The calls that a trace tells of, without what is not worth half a screen, and with the fault marked.
show() {
	"$build/sockfault" trace "$folder/$1" |
		sed -n -E \
			-e 's/^[0-9.]+ //' -e 's/ +=/ =/' -e 's/ \([A-Z][a-z][^)]*\)//' -e 's/ <[0-9.]+>//' \
			-e '/^(connect|send|recv|close)/p' |
		while IFS= read -r line; do
			call=${line%% = *}
			result=${line#"$call"}
			case $line in
			*←*) printf '    %s>>> %-46s%s%s\n' "$red" "$call" "$result" "$off" ;;
			*) printf '        %s%-46s%s%s\n' "$faint" "$call" "$result" "$off" ;;
			esac
		done
	printf '    It printed "%s" and ended with status %s. ' "$said" "$status"
}

printf '%s%s%s\n' "$bold" "$(sed -n -e 's/^# //' -e 1p "$scenario")" "$off"
printf '    %s\n\n' "$(grep -v -e '^#' -e '^$' "$scenario")"

try naive-line-client
printf '%snaive-line-client%s asks for "hello".\n' "$bold" "$off"
show naive-line-client
if [ "$said" = hello ]; then
	printf 'It should have gone wrong.\n'
	exit 1
fi
printf '%sWrong%s: half an answer,\n    taken for the whole one, and nobody is told.\n\n' "$red" "$off"

try robust-line-client
printf '%srobust-line-client%s asks for "hello".\n' "$bold" "$off"
show robust-line-client
if [ "$said" != hello ] || [ "$status" != 0 ] || ! grep -q . "$folder/robust-line-client"; then
	printf 'It should have coped.\n'
	exit 1
fi
printf '%sRight%s: it tells an error\n    from the end, and asks again.\n\n' "$green" "$off"
printf 'The first is %s, the second %s.\n' tests/targets/naive-line-client.c tests/targets/robust-line-client.c

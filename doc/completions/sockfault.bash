# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Completion of sockfault for bash. It knows no option itself: it asks the command, so the two cannot differ.

# Rows of the option table: all of one kind ("command" or "option"), and of one command if it is named. Those of the
# harness tell their options themselves.
_sockfault_rows() {
	{
		"$1" --options 2>/dev/null
		[[ -n $3 ]] && "$1" --options 2>/dev/null | grep -q $'^harness\t'"$3"$'\t' && "$1" "$3" --options 2>/dev/null
	} | awk -F '\t' -v kind="$2" -v command="$3" '$1 ~ kind && (command == "" || $2 == command)'
}

# What may stand after an option: its choices, a file, a scenario; nothing where it is a flag (status 1).
_sockfault_value() {
	local choices value
	IFS=$'\t' read -r value choices < <(_sockfault_rows "$1" option "$2" |
		awk -F '\t' -v option="$3" '$3 == option || $4 == option { print ($5 == "" ? "-" : $5) "\t" $6; exit }')
	[[ -z $value || $value == - ]] && return 1
	case $choices in
	@scenario)
		mapfile -t COMPREPLY < <(compgen -W "$("$1" list scenarios 2>/dev/null | awk '{ print $1 }')" -- "$4"
			compgen -f -- "$4")
		;;
	@file) mapfile -t COMPREPLY < <(compgen -f -- "$4") ;;
	*) mapfile -t COMPREPLY < <(compgen -W "${choices//|/ }" -- "$4") ;;
	esac
}

# The index of the word after which a foreign command line begins, for `run`; 0 while options are still being typed.
_sockfault_foreign() {
	local i
	for ((i = 2; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--) echo $((i + 1)) && return ;;
		-*) _sockfault_value "$1" run "${COMP_WORDS[i]}" "" && ((i++)) ;;
		*) echo "$i" && return ;;
		esac
	done
	echo 0
}

_sockfault() {
	local command=${COMP_WORDS[0]} name=${COMP_WORDS[1]} word=${COMP_WORDS[COMP_CWORD]} foreign
	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W "$(_sockfault_rows "$command" "command|harness" | cut -f 2) --help --version" -- "$word")
		return
	fi
	if [[ $name == run ]]; then
		foreign=$(_sockfault_foreign "$command")
		if ((foreign > 0)) && declare -F _command_offset >/dev/null; then
			_command_offset "$foreign"
			return
		fi
	fi
	_sockfault_value "$command" "$name" "${COMP_WORDS[COMP_CWORD - 1]}" "$word" && return
	if [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_sockfault_rows "$command" option "$name" |
			awk -F '\t' '{ print $3; print $4 }')" -- "$word")
	elif [[ $name == ctl ]]; then
		mapfile -t COMPREPLY < <(compgen -W 'status pause resume load' -- "$word" && compgen -f -- "$word")
	elif [[ $name == run || $name == doctor ]]; then
		mapfile -t COMPREPLY < <(compgen -c -- "$word")
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
	fi
}

complete -o filenames -F _sockfault sockfault

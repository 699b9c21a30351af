#!/usr/bin/env bash
# Starts the stack of compose.yaml under a project name and a port of its own, has a message
# echoed through it, takes it down, and looks that nothing is left. `make image` first.
#
# Without Docker or compose it is skipped; RELAYKIT_REQUIRE_DOCKER=1 makes that a failure.
set -euo pipefail
cd "$(dirname "$0")"

say() { echo "staging: $*"; }

skip() {
	say "skipped: $*"
	if [ "${RELAYKIT_REQUIRE_DOCKER:-}" = 1 ]; then
		say "RELAYKIT_REQUIRE_DOCKER=1, so this is a failure"
		exit 1
	fi
	exit 0
}

docker info >/dev/null 2>&1 || skip "no Docker daemon answers"
if docker compose version >/dev/null 2>&1; then
	tool=(docker compose)
elif command -v docker-compose >/dev/null; then
	tool=(docker-compose)
else
	skip "neither docker compose nor docker-compose is installed"
fi

project="relaykit-staging-$$-$RANDOM"
export CONTROL_PORT=0 # a free one
# Starting takes seconds; a machine under load is given minutes before it counts as hung.
compose() { timeout 180 "${tool[@]}" -p "$project" "$@"; }

left() {
	docker ps -aq --filter "label=com.docker.compose.project=$project"
	docker network ls -q --filter "label=com.docker.compose.project=$project"
	docker volume ls -q --filter "label=com.docker.compose.project=$project"
}

finish() {
	local code=$?
	if [ "$code" -ne 0 ]; then
		say "FAILED; the last lines of the logs:"
		compose logs --no-color --tail 20 || true
	fi
	compose down -v --remove-orphans >/dev/null 2>&1 || { say "taking it down failed"; code=1; }
	if [ -n "$(left)" ]; then
		say "expected nothing to be left of $project, got: $(left | tr '\n' ' ')"
		code=1
	fi
	[ "$code" -ne 0 ] || say "ok, and nothing is left of $project"
	exit "$code"
}
trap finish EXIT
trap 'exit 1' INT TERM

compose up -d
control="http://$(compose port fakeconnector 8791)"
# shellcheck disable=SC1091
. ./fakeconnector.env
# What curl waits for is bounded by the journal's own timeout, and this is longer.
api() { curl -sS --fail-with-body --max-time 60 -H "Authorization: Bearer $FAKECONNECTOR_TOKEN" "$@"; }

# expect TEXT COMMAND… runs a command whose answer must hold the text.
expect() {
	local want=$1 got
	shift
	got=$("$@") || { say "$* failed: $got" >&2; return 1; }
	case $got in
	*"$want"*) printf '%s\n' "$got" ;;
	*) say "expected $want from $*, got: $got" >&2; return 1 ;;
	esac
}

expect '"relay_url":"http://fakeconnector:8790"' api "$control/control/v1/info" >/dev/null
say "the connector answers at $control"
expect '"type":"descriptor"' api "$control/control/v1/journal/wait?type=descriptor&timeout=30s" >/dev/null
say "the gateway is connected"
text="hello from $project"
pushed=$(expect '"session_key":"agent:main:discord:dm:C1"' api -H 'Content-Type: application/json' \
	-d "{\"text\":\"$text\",\"source\":{\"chat_id\":\"C1\"}}" "$control/control/v1/instances/inst-1/events")
mark=$(printf '%s' "$pushed" | sed -n 's/.*"mark":\([0-9]*\).*/\1/p')
expect "\\\"content\\\":\\\"$text\\\"" api "$control/control/v1/journal/wait?type=outbound&chat_id=C1&after=$mark&timeout=30s" >/dev/null
say "the gateway echoed what was pushed"

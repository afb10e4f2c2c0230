#!/usr/bin/env bash
# Install what Paraph needs and this machine lacks: Debian packages, then a virtual environment
# with exactly the locked dependencies. Usage: setup.sh VENV APT_PACKAGE...
set -euo pipefail
venv=$1
shift

missing=()
for package in "$@"; do
    dpkg-query --show --showformat='${db:Status-Status}\n' "$package" 2>/dev/null |
        grep -qx installed || missing+=("$package")
done
# Debian splits venv from Python; other Pythons carry it themselves.
python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)

if [ ${#missing[@]} -gt 0 ]; then
    echo "Installing Debian packages: ${missing[*]}"
    as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

python=python3
command -v python3.11 >/dev/null && python=python3.11
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
pip=("$venv/bin/python" -m pip install --quiet --disable-pip-version-check)
uv=("$venv/bin/uv" pip install --quiet --python "$venv/bin/python")
exactly=(--no-deps --require-hashes -r)

# pip brings uv at its locked hash; uv brings the rest, many downloads at once. Where only pip
# knows the way (an index in pip.conf), pip brings everything.
"${pip[@]}" "${exactly[@]}" <(sed -n '/^uv==/,/^[^ ]/ { /^uv==/p; /^ /p }' requirements.lock)
"${uv[@]}" --compile-bytecode "${exactly[@]}" requirements.lock ||
    "${pip[@]}" "${exactly[@]}" requirements.lock
"${uv[@]}" --no-deps --no-build-isolation --editable .

#!/bin/sh
# Makes a virtual environment: a locked set of packages and, where that has Airflow, this project,
# editable.
#
#   sh requirements/venv.sh LOCKED_SET [FOLDER]
#
# FOLDER is .venv unless named. PYTHON=... in the environment chooses the interpreter. Does
# nothing when the environment is up to date; builds it from scratch when it is not, or when an
# earlier build was cut short.
set -uf
cd "$(dirname "$0")/.." || exit 1
unset CDPATH PYTHONHOME PYTHONPATH VIRTUAL_ENV

locked=$1
venv=${2:-.venv}
log=$venv/install.log
stamp=$venv/made-from

fail() {
    echo "make venv: $*" >&2
    exit 1
}

# Prints the version, and the path behind a shim or a virtual environment; fails for an
# interpreter that cannot carry Airflow. There is no Airflow 3.0 for Python 3.13.
probe='
import os, sys
newest = int(sys.argv[1])
python = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
print(".".join(map(str, sys.version_info[:3])), python)
import sqlite3, ssl
sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, newest))
'

# Every folder of PATH counts: a pyenv shim that only fails may hide a good interpreter.
find_python() {
    newest=13 versions="3.11, 3.12 or 3.13"
    if grep -q '^apache-airflow==3\.0\.' "$locked"; then
        newest=12 versions="3.11 or 3.12"
    fi
    if [ -n "${PYTHON:-}" ]; then
        set -- "$PYTHON"
    else
        set -- python3 python3.13 python3.12 python3.11
    fi
    seen=
    for name; do
        case $name in
        */*) folders=${name%/*} ;;
        *) folders=$PATH ;;
        esac
        IFS=:
        for folder in $folders; do
            candidate=$folder/${name##*/}
            [ -x "$candidate" ] || continue
            if found=$("$candidate" -c "$probe" "$newest" 2>/dev/null); then
                unset IFS
                version=${found%% *}
                python=${found#* }
                return
            fi
            [ -z "$found" ] || seen="$seen, $candidate is ${found%% *}"
        done
        unset IFS
    done
    wanted="a Python $versions that has ssl and sqlite3"
    [ -z "${PYTHON:-}" ] || fail "PYTHON=$PYTHON is not $wanted${seen:+ (${seen#, })}"
    fail "needs $wanted and found none on PATH${seen:+ (${seen#, })}; install one or name one: PYTHON=/path/to/python3.12"
}

# What a .venv is made from. The same line again means that there is nothing to do. The path
# counts, because the scripts of a .venv and the editable project name it.
made_from() {
    project=setup.cfg
    has_airflow || project=
    echo "$({ cat "$locked" $project requirements/venv.sh && pwd -P; } | cksum) $locked $python"
}

has_airflow() {
    grep -q '^apache-airflow==' "$locked"
}

is_made() {
    [ "$(cat "$stamp" 2>/dev/null)" = "$(made_from)" ] && "$venv/bin/python" -c '' 2>/dev/null
}

says() {
    grep -qiE "$1" "$log"
}

is_out_of_reach() {
    says 'connection|connect error|name resolution|dns error|proxy|certificate|timed? ?out'
}

# One line for what went wrong, from the installer's own words. It never repeats an address:
# an index's address may carry a password.
give_up() {
    out="the package index is out of reach"
    if ! is_out_of_reach; then
        what="could not install $locked: $(grep -iE 'error|×|╰' "$log" | tail -n 1)"
    elif says 'name resolution|name or service not known|dns error'; then
        what="$out: its name does not resolve"
    elif says 'certificate'; then
        what="$out: its certificate is not trusted here"
    elif says 'timed? ?out'; then
        what="$out: no answer in time"
    else
        what="$out: no connection"
    fi
    fail "$what (details: $log)"
}

with_uv() {
    "$uv" pip install --quiet --python "$venv/bin/python" "$@" >>"$log" 2>&1 </dev/null
}

with_pip() {
    "$venv/bin/python" -m pip --quiet --disable-pip-version-check --no-input install "$@" \
        >>"$log" 2>&1 </dev/null
}

# The set is complete, so there is nothing to resolve; setuptools is in those with Airflow, so
# there is nothing to fetch for building this project.
install_with() {
    "$1" --no-deps --require-hashes -r "$locked" || return
    ! has_airflow || "$1" --no-deps --no-build-isolation --editable .
}

# uv does not read pip's configuration; an index named only there is meant for both.
lend_index_to_uv() {
    [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ] || return 0
    index=${PIP_INDEX_URL:-$("$python" -m pip config get global.index-url 2>/dev/null)}
    [ -z "$index" ] || export UV_DEFAULT_INDEX="$index"
}

if [ -z "${PYTHON:-}" ] && [ -f "$stamp" ]; then
    python=$(cut -d ' ' -f 4- "$stamp")
    is_made && exit 0
fi
find_python
is_made && exit 0

uv=$(command -v uv) || "$python" -c 'import ensurepip, venv' 2>/dev/null ||
    fail "$python lacks the venv module; on Debian and Ubuntu: apt install python${version%.*}-venv"
[ ! -e "$venv" ] || [ -e "$venv/pyvenv.cfg" ] || [ -e "$log" ] ||
    fail "$venv is in the way and is not a virtual environment; move it"

echo "Making $venv: Python $version, $(grep -c '==' "$locked") packages of $locked"
rm -rf "$venv" && mkdir "$venv" || fail "cannot write $venv"
if [ -n "$uv" ]; then
    "$python" -m venv --without-pip "$venv" >>"$log" 2>&1 || give_up
else
    "$python" -m venv "$venv" >>"$log" 2>&1 || give_up
    if with_pip --retries 1 --require-hashes -r requirements/uv.txt; then
        uv=$venv/bin/uv
    elif is_out_of_reach; then
        give_up
    fi
fi
[ -z "$uv" ] || lend_index_to_uv
if [ -z "$uv" ] || ! install_with with_uv; then
    echo "uv is not to be had, or could not do it: installing with pip, which takes a few minutes"
    : >"$log"
    "$venv/bin/python" -m pip --version >/dev/null 2>&1 ||
        "$venv/bin/python" -m ensurepip >>"$log" 2>&1 || give_up
    install_with with_pip || give_up
fi
# Left behind by the build, where Airflow would find every entry point of the project twice.
rm -rf provider/airflow_provider_sagemaker_tuning.egg-info
made_from >"$stamp"

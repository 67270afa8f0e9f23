#!/bin/sh
# Writes a .env of new secrets for docker-compose.yaml, which only its owner can read.
#
#   sh docker/make-env.sh [FILE]
#
# FILE is .env unless named; one that is there is left as it is.
set -euC
umask 077
cd "$(dirname "$0")/.."

bytes() {
    head -c "$1" /dev/urandom
}

hex() {
    bytes "$1" | od -An -v -tx1 | tr -d ' \n'
}

# noclobber: two at once cannot write one file, nor can the secrets of a database be lost.
cat >"${1:-.env}" <<END
# Lost secrets are lost data: keep a copy of this file where only you can read it.
POSTGRES_PASSWORD=$(hex 32)
REDIS_PASSWORD=$(hex 32)
AIRFLOW_FERNET_KEY=$(bytes 32 | base64 | tr '+/' '-_')
AIRFLOW_JWT_SECRET=$(hex 64)
AIRFLOW_SECRET_KEY=$(hex 64)
AIRFLOW_ADMIN_PASSWORD=$(hex 16)

# Tells this deployment's tuning jobs from those of others in one AWS account. A change of it
# makes Airflow forget the jobs that it has launched.
SAGEMAKER_TUNING_NAMESPACE=compose-$(hex 4)

# AWS is the local SageMaker endpoint: a service of its own, and the variables that lead to it.
COMPOSE_PROFILES=endpoint
AWS_ENV_FILE=docker/local-aws.env
END

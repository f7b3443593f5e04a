# Runs a command with the certificates and index settings of the build, where there are any.
if [ -s /build/ca.pem ]; then
    export SSL_CERT_FILE=/build/ca.pem REQUESTS_CA_BUNDLE=/build/ca.pem PIP_CERT=/build/ca.pem
fi
if [ -s /build/index.env ]; then
    set -a
    . /build/index.env
    set +a
fi
exec "$@"

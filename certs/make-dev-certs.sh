#!/usr/bin/env bash
# Makes a CA and a server pair for berth, for development and for trying it out. See certs/README.md.
set -euo pipefail

usage() {
    cat <<'END'
Usage: certs/make-dev-certs.sh [DIRECTORY [NAME...]]

Writes ca.crt, ca.key, tls.crt and tls.key into DIRECTORY (default: certs/, where git ignores them). NAME is a DNS name
or an IP address of the server; default: localhost, 127.0.0.1, ::1 and the names of the Service.

A CA that DIRECTORY already holds is used again, so that whoever trusts it need not be told of the new pair.
END
}

case ${1-} in
-h | --help) usage && exit ;;
-*) usage >&2 && exit 64 ;;
esac

directory=${1:-$(dirname "$0")}
[[ $# -eq 0 ]] || shift
if [[ $# -eq 0 ]]; then
    set -- localhost 127.0.0.1 ::1 berth.berth-system.svc berth.berth-system.svc.cluster.local
fi

ca_days=365
pair_days=90 # Shorter than the CA's: a pair that outlives its CA fails all the same, and less plainly.

names=
for name in "$@"; do
    if [[ ! $name =~ ^[A-Za-z0-9.:*-]+$ ]]; then
        echo "not a name: '$name'" >&2
        exit 64
    fi
    kind=DNS
    if [[ $name == *:* || $name =~ ^[0-9.]+$ ]]; then kind=IP; fi
    names+=${names:+,}$kind:$name
done

umask 077
mkdir -p "$directory"
# Made aside and moved when complete: a berth that watches DIRECTORY never reads half a file, and a failure leaves no trace.
work=$(mktemp -d "$directory/.make-dev-certs.XXXXXX")
trap 'rm -rf "$work"' EXIT

cat >"$work/openssl.cnf" <<END
[req]
distinguished_name = subject
prompt = no
[subject]
[ca]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = $names
END

# P-256: what every client of the API server's kind accepts, and the cheapest handshake there is.
key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:named_curve -out "$1"; }

ca=$directory
if [[ -e $directory/ca.crt && -e $directory/ca.key ]]; then
    if ! openssl x509 -in "$directory/ca.crt" -noout -checkend $((pair_days * 86400)) >/dev/null; then
        echo "$directory/ca.crt ends before a new pair would: remove ca.crt and ca.key for a new CA" >&2
        exit 1
    fi
else
    ca=$work
    key "$work/ca.key"
    openssl req -x509 -new -key "$work/ca.key" -sha256 -days "$ca_days" -subj "/CN=berth development CA" \
        -config "$work/openssl.cnf" -extensions ca -out "$work/ca.crt"
fi

key "$work/tls.key"
openssl req -new -key "$work/tls.key" -sha256 -subj "/CN=berth" -config "$work/openssl.cnf" -out "$work/tls.csr"
if ! said=$(openssl x509 -req -in "$work/tls.csr" -CA "$ca/ca.crt" -CAkey "$ca/ca.key" \
    -set_serial "0x$(openssl rand -hex 16)" -sha256 -days "$pair_days" \
    -extfile "$work/openssl.cnf" -extensions server -out "$work/tls.crt" 2>&1); then
    echo "$said" >&2
    exit 1
fi
openssl verify -CAfile "$ca/ca.crt" "$work/tls.crt" >/dev/null

chmod 644 "$work"/*.crt
for file in ca.key ca.crt tls.key tls.crt; do
    [[ ! -e $work/$file ]] || mv -f "$work/$file" "$directory/$file"
done

cat <<END
$directory: tls.crt for $names, $pair_days days

kubectl create secret tls berth-tls --namespace berth-system --cert=$directory/tls.crt --key=$directory/tls.key

caBundle: $(openssl base64 -A -in "$directory/ca.crt")
END

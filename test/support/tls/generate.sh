#!/bin/sh
# Makes the private CA and the certificate of 127.0.0.1 that the TLS tests use, and a client's certificate in PKCS #12. Run it in this
# folder to renew them.
set -eu
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 \
  -subj '/CN=nest-outbound test CA' -keyout ca-key.pem -out ca.pem
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN=localhost' -keyout key.pem -out request.pem
printf 'subjectAltName=DNS:localhost,IP:127.0.0.1' > extensions.cnf
openssl x509 -req -days 36500 -in request.pem -CA ca.pem -CAkey ca-key.pem -CAcreateserial -extfile extensions.cnf -out cert.pem
rm -f ca-key.pem ca.srl request.pem extensions.cnf
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 \
  -subj '/CN=packed' -keyout client-key.pem -out client.pem
openssl pkcs12 -export -inkey client-key.pem -in client.pem -passout pass:test -out client.p12
rm -f client-key.pem

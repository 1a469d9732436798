// The part of OpenSSL 3's libcrypto that signs: RSASSA-PKCS1-v1_5 with SHA-256, one call per signature.
#include <openssl/evp.h>
#include <openssl/x509.h>

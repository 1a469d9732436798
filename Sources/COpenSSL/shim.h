// The part of OpenSSL 3's libcrypto that signs and checks: SHA-256, and RSASSA-PKCS1-v1_5 and RSASSA-PSS over it.
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

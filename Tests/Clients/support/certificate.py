"""A certificate of an app: how it is registered, and what it signs."""

import datetime

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa


class Certificate:
    def __init__(self):
        self.key = rsa.generate_private_key(65537, 2048)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "app")])
        now = datetime.datetime.now(datetime.UTC)
        builder = x509.CertificateBuilder(
            name, name, self.key.public_key(), x509.random_serial_number(), now, now + datetime.timedelta(days=30))
        self.certificate = builder.sign(self.key, hashes.SHA256())
        self.private = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
        self.pem = self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def thumbprint(self):
        """The SHA-1, in hexadecimal."""
        return self.certificate.fingerprint(hashes.SHA1()).hex()

    def sign(self, claims):
        return jwt.encode(claims, self.key, "RS256", {"kid": self.thumbprint})

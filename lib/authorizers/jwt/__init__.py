"""Lambda code of `JwtAuthorizer`. Only its function contains PyJWT, which `requirements.txt` lists."""

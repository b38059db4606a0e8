"""What every Lambda function shares.  Python 3.9 and up; the standard library only; no Pulumi."""

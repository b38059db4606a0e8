"""Static web pages: the CloudFront distribution and the files of a site."""

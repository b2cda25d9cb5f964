# The zone, and certificates for all of its host names: one for load balancers, one for CloudFront.
resource "aws_route53_zone" "this" {
  name    = var.domain
  comment = var.name

  #checkov:skip=CKV2_AWS_39:A log of queries would show whose phones use the service
}

resource "aws_acm_certificate" "this" {
  for_each = { regional = null, global = "us-east-1" }

  region                    = each.value
  domain_name               = var.domain
  subject_alternative_names = ["*.${var.domain}"]
  validation_method         = "DNS"
  key_algorithm             = "EC_prime256v1"

  lifecycle {
    create_before_destroy = true
  }
}

# Both certificates, and the name and its wildcard, are proven by one record.
resource "aws_route53_record" "validation" {
  zone_id         = aws_route53_zone.this.zone_id
  name            = one(distinct([for option in aws_acm_certificate.this["regional"].domain_validation_options : option.resource_record_name]))
  type            = "CNAME"
  ttl             = 300
  records         = distinct([for option in aws_acm_certificate.this["regional"].domain_validation_options : option.resource_record_value])
  allow_overwrite = true
}

resource "aws_acm_certificate_validation" "this" {
  for_each = aws_acm_certificate.this

  region                  = each.key == "global" ? "us-east-1" : null
  certificate_arn         = each.value.arn
  validation_record_fqdns = [aws_route53_record.validation.fqdn]
}

# Only these authorities may issue certificates.
resource "aws_route53_record" "authorities" {
  zone_id = aws_route53_zone.this.zone_id
  name    = var.domain
  type    = "CAA"
  ttl     = 3600
  records = ["0 issue \"amazon.com\"", "0 issuewild \"amazon.com\"", "0 iodef \"mailto:${var.security_address}\""]
}

# A name that exists inside the VPC alone, and that the certificate covers.
resource "aws_route53_zone" "private" {
  name    = "codes.${var.domain}"
  comment = "${var.name}, inside the VPC"

  vpc {
    vpc_id = var.vpc_id
  }

  #checkov:skip=CKV2_AWS_38:A private zone cannot be signed
  #checkov:skip=CKV2_AWS_39:Only our own processes ask it
}

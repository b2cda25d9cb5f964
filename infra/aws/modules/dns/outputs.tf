output "zone_id" {
  description = "Identifier of the public zone."
  value       = aws_route53_zone.this.zone_id
}

output "zone_arn" {
  description = "ARN of the public zone."
  value       = aws_route53_zone.this.arn
}

output "private_zone_id" {
  description = "Identifier of the private zone."
  value       = aws_route53_zone.private.zone_id
}

output "name_servers" {
  description = "Name servers to enter in the parent zone."
  value       = aws_route53_zone.this.name_servers
}

output "certificate_arns" {
  description = "Certificates that have been validated: `regional` and `global`."
  value       = { for name, validation in aws_acm_certificate_validation.this : name => validation.certificate_arn }
}

output "ds_record" {
  description = "Value of the record DS to enter in the parent zone, once its name servers lead here."
  value       = aws_route53_key_signing_key.this.ds_record
}

output "signing_key_arn" {
  description = "Key of DNSSEC, in us-east-1."
  value       = module.key.arn
}

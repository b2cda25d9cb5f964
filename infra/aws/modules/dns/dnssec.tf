# DNSSEC: answers of the zone are signed. Resolvers verify that only once the record DS is in the parent zone, which belongs
# to someone else (docs/infrastructure.md). Route 53 keeps the zone's own key, and signs it with this one.
data "aws_caller_identity" "current" {}

module "key" {
  source = "../signing_key"

  region      = "us-east-1" # prescribed by Route 53
  name        = "${var.name}-dnssec"
  description = "Signatures of the zone"
  statements = [
    {
      Sid       = "LetRoute53Sign"
      Effect    = "Allow"
      Principal = { Service = "dnssec-route53.amazonaws.com" }
      Action    = ["kms:DescribeKey", "kms:GetPublicKey", "kms:Sign"]
      Resource  = "*"
      Condition = {
        StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id }
        ArnLike      = { "aws:SourceArn" = "arn:aws:route53:::hostedzone/*" }
      }
    },
    {
      Sid       = "LetRoute53ReplaceItsServers"
      Effect    = "Allow"
      Principal = { Service = "dnssec-route53.amazonaws.com" }
      Action    = ["kms:CreateGrant"]
      Resource  = "*"
      Condition = {
        Bool         = { "kms:GrantIsForAWSResource" = "true" }
        StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id }
        ArnLike      = { "aws:SourceArn" = "arn:aws:route53:::hostedzone/*" }
      }
    },
  ]
}

resource "aws_route53_key_signing_key" "this" {
  hosted_zone_id             = aws_route53_zone.this.zone_id
  key_management_service_arn = module.key.arn
  name                       = replace(var.name, "-", "_") # Route 53 accepts letters, digits and underscores
}

resource "aws_route53_hosted_zone_dnssec" "this" {
  hosted_zone_id = aws_route53_key_signing_key.this.hosted_zone_id
}

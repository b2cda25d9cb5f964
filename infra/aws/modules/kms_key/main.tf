# A key for one purpose, which rotates every year. IAM policies of the account decide who uses it; services of AWS that
# are named here may use it for this account's data alone, as far as they state for whom they act.
data "aws_caller_identity" "current" {}

locals {
  account = data.aws_caller_identity.current.account_id
  administration = {
    Sid       = "LetIamPoliciesDecide"
    Effect    = "Allow"
    Principal = { AWS = "arn:aws:iam::${local.account}:root" }
    Action    = "kms:*"
    Resource  = "*" # in the policy of a key, this is the key
  }
  services = [for number, each in var.services : merge(
    {
      Sid       = number == 0 ? "LetServicesOfAwsEncrypt" : "LetServicesOfAwsEncrypt${number + 1}"
      Effect    = "Allow"
      Principal = { Service = each.names }
      Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
      Resource  = "*"
    },
    concat(
      [for account in each.source == null ? [local.account] : [] : { Condition = { StringEquals = { "aws:SourceAccount" = account } } }],
      [for key, patterns in each.source == null ? {} : each.source : { Condition = { ArnLike = { (key) = patterns } } }],
    )...
  )]
}

resource "aws_kms_key" "this" {
  region                  = var.region
  description             = var.description
  enable_key_rotation     = true
  deletion_window_in_days = 30

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat([local.administration], local.services)
  })
}

resource "aws_kms_alias" "this" {
  region        = var.region
  name          = "alias/${var.name}"
  target_key_id = aws_kms_key.this.key_id
}

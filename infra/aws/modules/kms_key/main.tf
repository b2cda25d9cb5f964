# A key for one purpose, which rotates every year. IAM policies of the account decide who uses it; services of AWS that
# are named here may use it for this account's data alone.
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
  services = {
    Sid       = "LetServicesOfAwsEncrypt"
    Effect    = "Allow"
    Principal = { Service = var.services }
    Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
    Resource  = "*"
    # CloudWatch Logs sends no source account, but names the log group.
    Condition = { for operator, keys in {
      StringEquals = { "aws:SourceAccount" = local.account }
      ArnLike      = { "kms:EncryptionContext:aws:logs:arn" = var.log_groups }
    } : operator => keys if(operator == "ArnLike") == (length(var.log_groups) > 0) }
  }
}

resource "aws_kms_key" "this" {
  region                  = var.region
  description             = var.description
  enable_key_rotation     = true
  deletion_window_in_days = 30

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat([local.administration], length(var.services) > 0 ? [local.services] : [])
  })
}

resource "aws_kms_alias" "this" {
  region        = var.region
  name          = "alias/${var.name}"
  target_key_id = aws_kms_key.this.key_id
}

# A key on the curve P-256 that signs, and never leaves KMS. Its own policy decides who signs: without a statement in it, a
# policy of IAM grants nothing. So an administrator of the account can neither sign nor grant that, and cannot delete the
# key, before the policy of the key is changed, which raises an alarm (modules/audit).
data "aws_caller_identity" "current" {}

locals {
  administration = {
    Sid       = "AdministerWithoutSigning"
    Effect    = "Allow"
    Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.current.account_id}:root" }
    Action = [
      "kms:CancelKeyDeletion", "kms:CreateAlias", "kms:DeleteAlias", "kms:DescribeKey", "kms:DisableKey", "kms:EnableKey",
      "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:GetPublicKey", "kms:ListGrants", "kms:ListKeyPolicies",
      "kms:ListResourceTags", "kms:PutKeyPolicy", "kms:RevokeGrant", "kms:TagResource", "kms:UntagResource",
      "kms:UpdateAlias", "kms:UpdateKeyDescription",
    ]
    Resource = "*" # in the policy of a key, this is the key
  }
}

resource "aws_kms_key" "this" {
  region                   = var.region
  description              = var.description
  customer_master_key_spec = "ECC_NIST_P256"
  key_usage                = "SIGN_VERIFY"
  deletion_window_in_days  = 30
  policy                   = jsonencode({ Version = "2012-10-17", Statement = concat([local.administration], var.statements) })

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_kms_alias" "this" {
  region        = var.region
  name          = "alias/${var.name}"
  target_key_id = aws_kms_key.this.key_id
}

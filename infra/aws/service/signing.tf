# The keys that sign archives (docs/adr/0041). The first of `signing_keys` signs; another is one whose public key is being
# registered, or one that signed before. Web processes of retrieval sign when an archive is missing, its workers otherwise.
locals {
  signing_processes = ["retrieval", "worker-retrieval"]
  signing_key_arns  = [for name in var.signing_keys : module.signing_key[name].arn]
  signing_roles     = [for name in local.signing_processes : "arn:aws:iam::${var.account}:role/${local.name}-${name}-task"]
}

module "signing_key" {
  source   = "../modules/signing_key"
  for_each = toset(var.signing_keys)

  name        = "${local.name}-signing-${each.key}"
  description = "Signatures of archives, ${each.key}"
  statements = [{
    Sid       = "LetRetrievalSignDigests"
    Effect    = "Allow"
    Principal = { AWS = "arn:aws:iam::${var.account}:root" }
    Action    = "kms:Sign"
    Resource  = "*"
    Condition = {
      ArnEquals    = { "aws:PrincipalArn" = local.signing_roles }
      StringEquals = { "kms:MessageType" = "DIGEST", "kms:SigningAlgorithm" = "ECDSA_SHA_256" }
    }
  }]
}

# What must exist before the rest: a bucket for the state, and the roles that GitHub's workflows assume. A person with
# administrator's rights applies it once for each account, with local state (docs/infrastructure.md).
module "key" {
  source = "../modules/kms_key"

  name        = "${var.name}-state"
  description = "State of Terraform"
}

module "state" {
  source = "../modules/bucket"

  name            = "${var.name}-state-${var.account}"
  kms_key_arn     = module.key.arn
  noncurrent_days = 365 # earlier states
}

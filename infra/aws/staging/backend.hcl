bucket       = "alert-staging-state-111111111111"
key          = "service.tfstate"
region       = "ca-central-1"
encrypt      = true
kms_key_id   = "alias/alert-staging-state"
use_lockfile = true

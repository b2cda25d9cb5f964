bucket       = "alert-production-state-222222222222"
key          = "service.tfstate"
region       = "ca-central-1"
encrypt      = true
kms_key_id   = "alias/alert-production-state"
use_lockfile = true

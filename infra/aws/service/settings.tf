# Which process has which settings. A test compares this file with the settings that the code declares, and starts the
# code with them. Values of secrets are not here and not in the state: they are written into the secrets below by
# infra/store_secrets.py and infra/database_roles.py.
locals {
  # Staging runs as production does, so that it finds what production would.
  common_settings = {
    ENV                  = "production"
    REGION_CODE          = "302"
    PGSSLMODE            = "verify-full"      # of the PostgreSQL driver
    PGSSLROOTCERT        = "/etc/ssl/rds.pem" # in the image: see Dockerfile
    RATE_LIMITS          = var.tries_releases ? "off" : "on"
    SECURITY_CONTACT     = "mailto:${var.security_contact}"
    RELEASE_PERIOD_HOURS = var.tries_releases ? "0" : "1"
    REVISION             = var.image_tag
    DATABASE_POOL_SIZE   = "10"
  }

  # What a promotion needs where it tries releases (docs/promotion.md): no padding keys among those that it compares, and
  # no archive that lacks what was uploaded since.
  trial_settings = { for name, value in { RELEASE_MINIMUM_UPLOADS = "0", EXPORT_MAX_AGE_SECONDS = "0" } :
  name => value if var.tries_releases }

  surface_settings = {
    submission = {}
    retrieval = merge(local.trial_settings, {
      ARCHIVE_FILES = "s3://${module.archives.name}/${local.archive_prefix}"
      # Not a secret, but the name of one that stays in KMS.
      ECDSA_KEY = "aws-kms://${local.signing_key_arns[0]}"
    })
    portal = {
      PORTAL_URL     = "https://${local.hosts.portal}"
      SUBMISSION_URL = "https://${local.hosts.codes}"
      MAIL_FROM      = var.mail_from
    }
    sharing = {
      SHARING_URL      = "https://${local.hosts.sharing}"
      SHARING_CREATORS = "tokens"
    }
    status = { STATUS_URL = "https://${local.hosts.status}" }
  }

  # Settings of single programs: those of status that notify people by e-mail. The webhook would need a way out of the VPC.
  # The monitor runs in worker and clock, so that it also works while one of them does not; the worker alone sends the digest.
  notice_settings = { NOTICE_EMAILS = join(",", var.status_emails.notices), MAIL_FROM = var.mail_from }
  program_settings = {
    worker-retrieval = { for name, value in { DOWNLOAD_FILES = "s3://${module.archives.name}/${local.download_prefix}" } :
    name => value if !var.tries_releases }
    worker-status = merge(local.notice_settings, { DIGEST_EMAILS = join(",", var.status_emails.digest) })
    clock-status  = local.notice_settings
  }
  mail_processes = ["worker-portal", "worker-status", "clock-status"] # those that send e-mail

  # All web processes have /metrics, for a Prometheus inside the VPC. Workers and clocks have no HTTP server.
  program_secrets = merge(
    { for name in keys(local.surfaces) : name => concat(["METRICS_TOKEN"], name == "status" ? ["STATUS_NOTE_TOKENS"] : []) },
    { worker-status = ["MAIL_URL"], clock-status = ["MAIL_URL"] },
  )

  surface_secrets = {
    submission = ["KEY_CLAIM_TOKEN", "SEALING_KEYS", "SECRET_KEY"]
    retrieval  = ["METRICS_PASSWORD", "METRICS_USERNAME", "RETRIEVE_HMAC_KEY"]
    portal     = ["MAIL_URL", "PORTAL_SECRET_KEYS", "QR_SIGNATURE_KEY"]
    sharing    = ["SHARING_SECRET_KEY", "SHARING_TOKENS"]
    status     = []
  }

  # The names of roles are those of docs/operations.md. Only the clock of status uses the database; the others get an
  # address that leads nowhere instead of a password. The owner's password is in a secret of RDS, which replaces it every week: the
  # release reads it there, as PGPASSWORD.
  database_roles  = setsubtract(compact([for process in local.processes : process.database_role]), ["owner"])
  no_database     = "postgresql://nobody@database.invalid/none"
  owner_url       = "postgresql://owner@${module.database.endpoint}:5432/service"
  archive_prefix  = "archives"
  download_prefix = "downloads" # what CloudFront reads, under the addresses of phones
}

resource "aws_secretsmanager_secret" "setting" {
  # A promotion reads the last one: the public key that goes with ECDSA_KEY.
  for_each = toset(concat(flatten(values(local.surface_secrets)), flatten(values(local.program_secrets)), ["EXPORT_PUBLIC_KEY"]))

  name                    = "${local.name}/${each.key}"
  description             = "The setting ${each.key}"
  kms_key_id              = module.keys["secrets"].arn
  recovery_window_in_days = 30

  #checkov:skip=CKV2_AWS_57:Each of these is changed in the steps of docs/operations.md, some of them by apps and portals too
}

resource "aws_secretsmanager_secret" "database_url" {
  for_each = toset(local.database_roles)

  name                    = "${local.name}/DATABASE_URL/${each.key}"
  description             = "Address of the database with the password of the role ${each.key}"
  kms_key_id              = module.keys["secrets"].arn
  recovery_window_in_days = 30

  #checkov:skip=CKV2_AWS_57:infra/database_roles.py replaces passwords, followed by a deployment that makes processes read them
}

resource "aws_secretsmanager_secret" "redis_url" {
  name                    = "${local.name}/REDIS_URL"
  description             = "Address of Redis with its token"
  kms_key_id              = module.keys["secrets"].arn
  recovery_window_in_days = 30

  #checkov:skip=CKV2_AWS_57:infra/store_secrets.py replaces the token, followed by a deployment that makes processes read it
}

# The whole service in one account. docs/infrastructure.md has a picture, and says what each module is for.
locals {
  name   = "${var.service}-${var.environment}"
  region = var.region

  hosts = {
    submission = "submission.${var.domain}"
    retrieval  = "retrieval.${var.domain}"
    origin     = "origin.${var.domain}"
    portal     = "portal.${var.domain}"
    sharing    = "share.${var.domain}"
    status     = "status.${var.domain}"
    codes      = "codes.${var.domain}"
  }

  origin_header = "x-origin-secret"
  routes        = jsondecode(file("${path.module}/routes.json"))
}

module "keys" {
  source   = "../modules/kms_key"
  for_each = local.keys

  name        = "${local.name}-${each.key}"
  region      = each.value.region
  description = each.value.description
  services    = each.value.services
}

locals {
  # CloudFront names the distribution, and not the account.
  own_distributions = { "aws:SourceArn" = ["arn:aws:cloudfront::${var.account}:distribution/*"] }

  # A key for each purpose: who may read logs can read no data.
  keys = {
    logs = {
      description = "Logs"
      region      = null
      # CloudWatch Logs names the log group instead of the account.
      services = [{
        names  = ["logs.${var.region}.amazonaws.com"]
        source = { "kms:EncryptionContext:aws:logs:arn" = ["arn:aws:logs:${var.region}:${var.account}:log-group:*${local.name}*"] }
      }]
    }
    global-logs = {
      description = "Logs of the CDN's firewall"
      region      = "us-east-1"
      services = [{
        names  = ["logs.us-east-1.amazonaws.com"]
        source = { "kms:EncryptionContext:aws:logs:arn" = ["arn:aws:logs:us-east-1:${var.account}:log-group:*${local.name}*"] }
      }]
    }
    data     = { description = "Database", region = null, services = [] }
    cache    = { description = "Redis", region = null, services = [] }
    archives = { description = "Export archives", region = null, services = [{ names = ["cloudfront.amazonaws.com"], source = local.own_distributions }] }
    secrets  = { description = "Secrets of the processes", region = null, services = [] }
    images   = { description = "Images", region = null, services = [] }
  }
}

module "network" {
  source = "../modules/network"

  name               = local.name
  account            = var.account
  region             = var.region
  cidr_block         = var.cidr_block
  zones              = var.zones
  archive_bucket_arn = module.archives.arn
  log_key_arn        = module.keys["logs"].arn
  interface_endpoints = {
    # To start a task.
    "ecr.api" = 3, "ecr.dkr" = 3, "logs" = 3, "secretsmanager" = 3
    # To sign archives.
    "kms" = 3
    # E-mail of the portal and of status. SES does not offer it in all zones of the region: list two that have it first in `zones`.
    "email-smtp" = 2
    # The check of a deployment.
    "codedeploy" = 3, "ec2" = 3
  }
}

module "registry" {
  source = "../modules/registry"

  name        = local.name
  kms_key_arn = module.keys["images"].arn
}

module "archives" {
  source = "../modules/bucket"

  name        = "${local.name}-archives-${var.account}"
  kms_key_arn = module.keys["archives"].arn
  # The service deletes an archive that nothing refers to; this removes what it has forgotten.
  expiration_days = 30
  noncurrent_days = 1
  writers = [{
    sid     = "LetTheCdnReadDownloads"
    service = "cloudfront.amazonaws.com"
    actions = ["s3:GetObject"]
    prefix  = local.download_prefix
    source  = local.own_distributions
  }]
}

module "logs" {
  source = "../modules/bucket"

  name            = "${local.name}-logs-${var.account}"
  expiration_days = 90
  writers = concat(
    [for surface in keys(local.surfaces) : {
      sid     = "Log${title(surface)}"
      service = "logdelivery.elasticloadbalancing.amazonaws.com"
      actions = ["s3:PutObject"]
      prefix  = "${local.name}-${surface}/AWSLogs/${var.account}" # the account of the load balancer, which states nothing else
      source  = {}
    }],
    [{
      sid     = "LogCdn"
      service = "delivery.logs.amazonaws.com"
      actions = ["s3:PutObject"]
      prefix  = "cdn"
    }],
  )
}

module "database" {
  source = "../modules/database"

  name        = local.name
  account     = var.account
  region      = var.region
  instances   = var.database.instances
  capacity    = { minimum = var.database.minimum, maximum = var.database.maximum }
  vpc_id      = module.network.vpc_id
  subnet_ids  = module.network.private_subnet_ids
  kms_key_arn = module.keys["data"].arn
  log_key_arn = module.keys["logs"].arn
}

module "cache" {
  source = "../modules/cache"

  name        = local.name
  node_type   = var.cache.node_type
  nodes       = var.cache.nodes
  vpc_id      = module.network.vpc_id
  subnet_ids  = module.network.private_subnet_ids
  kms_key_arn = module.keys["cache"].arn
}

module "dns" {
  source = "../modules/dns"

  name             = local.name
  domain           = var.domain
  security_address = var.security_contact
  mail_domain      = split("@", var.mail_from)[1]
  vpc_id           = module.network.vpc_id
}

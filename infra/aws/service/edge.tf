# What the internet reaches: port 443 of four load balancers, and CloudFront, which alone reaches the fifth. The sixth
# has private addresses. No two surfaces share one: CodeDeploy switches a listener as a whole, a firewall belongs to a
# load balancer, and a surface is a trust zone of its own (docs/adr/0035).
module "load_balancer" {
  source   = "../modules/load_balancer"
  for_each = local.surfaces

  name        = "${local.name}-${each.key}"
  vpc_id      = module.network.vpc_id
  subnet_ids  = each.key == "codes" ? module.network.private_subnet_ids : module.network.public_subnet_ids
  is_internal = each.key == "codes"

  security_group_id = aws_security_group.load_balancer[each.key].id
  process_port      = each.value.port
  certificate_arn   = module.dns.certificate_arns["regional"]
  log_bucket        = module.logs.name
}

module "firewall" {
  source   = "../modules/firewall"
  for_each = local.surfaces

  name = "${local.name}-${each.key}"
  # Behind CloudFront every request has an address of CloudFront, so rates are limited there. The thousand people of a
  # promotion have one address, too.
  has_rates              = each.key != "retrieval" && !var.tries_releases
  routes                 = local.routes[each.key]
  origin_header          = local.origin_header
  origin_pattern_set_arn = each.key == "retrieval" ? var.origin_pattern_set_arn : null
  check_cidr_block       = var.cidr_block
  load_balancer_arns     = { (each.key) = module.load_balancer[each.key].arn }
  log_key_arn            = module.keys["logs"].arn
}

module "cdn_firewall" {
  source = "../modules/firewall"

  name          = "${local.name}-cdn"
  region        = "us-east-1"
  is_global     = true
  has_rates     = !var.tries_releases
  routes        = local.routes["retrieval"]
  origin_header = local.origin_header
  log_key_arn   = module.keys["global-logs"].arn
}

module "cdn" {
  source = "../modules/cdn"

  name            = local.name
  host            = local.hosts.retrieval
  origin_host     = local.hosts.origin
  origin_header   = local.origin_header
  certificate_arn = module.dns.certificate_arns["global"]
  firewall_arn    = module.cdn_firewall.arn
  log_bucket_arn  = module.logs.arn
  is_cached       = !var.tries_releases
  downloads       = { host = module.archives.regional_domain_name, path = "/${local.download_prefix}" }
}

module "record" {
  source = "../modules/alias_record"
  for_each = {
    submission = { host = local.hosts.submission, target = module.load_balancer["submission"] }
    origin     = { host = local.hosts.origin, target = module.load_balancer["retrieval"] }
    portal     = { host = local.hosts.portal, target = module.load_balancer["portal"] }
    sharing    = { host = local.hosts.sharing, target = module.load_balancer["sharing"] }
    status     = { host = local.hosts.status, target = module.load_balancer["status"] }
    retrieval  = { host = local.hosts.retrieval, target = { dns_name = module.cdn.domain_name, zone_id = module.cdn.zone_id } }
  }

  zone_id = module.dns.zone_id
  host    = each.value.host
  target = {
    dns_name   = each.value.target.dns_name
    zone_id    = each.value.target.zone_id
    has_health = each.key != "retrieval" # Route 53 refuses to evaluate the health of CloudFront
  }
}

module "private_record" {
  source = "../modules/alias_record"

  zone_id = module.dns.private_zone_id
  host    = local.hosts.codes
  types   = ["A"]
  target  = { dns_name = module.load_balancer["codes"].dns_name, zone_id = module.load_balancer["codes"].zone_id }
}

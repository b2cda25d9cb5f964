# A host name that leads to a load balancer or to the CDN, over IPv4 and, unless it is private, IPv6.
resource "aws_route53_record" "this" {
  for_each = toset(var.types)

  zone_id = var.zone_id
  name    = var.host
  type    = each.key

  alias {
    name                   = var.target.dns_name
    zone_id                = var.target.zone_id
    evaluate_target_health = var.target.has_health
  }

  #checkov:skip=CKV2_AWS_23:Its target is a variable, which checkov does not follow
}

# Every TCP connection of the service, in one table. Nothing else is possible: a security group without a rule admits
# nothing and opens nothing.
locals {
  uses_database = [for name, process in local.processes : name if process.database_role != null]

  # Both ends get a rule for the other: from, to, port.
  connections = merge(
    { for name in keys(local.surfaces) : "${name}: requests" => {
      from = aws_security_group.load_balancer[name].id, to = aws_security_group.process[name].id, port = local.surfaces[name].port
    } },
    { "portal: codes" = {
      from = aws_security_group.process["portal"].id, to = aws_security_group.load_balancer["codes"].id, port = 443
    } },
    { for name in local.uses_database : "${name}: PostgreSQL" => {
      from = aws_security_group.process[name].id, to = module.database.security_group_id, port = 5432
    } },
    { for name in keys(local.processes) : "${name}: Redis" => {
      from = aws_security_group.process[name].id, to = module.cache.security_group_id, port = 6379
    } },
    { for name in keys(local.processes) : "${name}: endpoints of AWS" => {
      from = aws_security_group.process[name].id, to = module.network.endpoint_security_group_id, port = 443
    } },
    { for name in local.mail_processes : "${name}: e-mail" => {
      from = aws_security_group.process[name].id, to = module.network.endpoint_security_group_id, port = 587
    } },
    { for name, surface in local.surfaces : "${name}: metrics" => {
      from = aws_security_group.prometheus.id, to = aws_security_group.process[name].id, port = surface.port
    } },
    { for name in keys(local.surfaces) : "${name}: check of a deployment" => {
      from = aws_security_group.check.id, to = aws_security_group.load_balancer[name].id, port = 8443
    } },
    { "check of a deployment: endpoints of AWS" = {
      from = aws_security_group.check.id, to = module.network.endpoint_security_group_id, port = 443
    } },
  )

  # What the internet reaches. The load balancer of retrieval admits CloudFront alone, that of codes has private addresses.
  open_to_all = ["submission", "portal", "sharing", "status"]
  public = merge(
    { for name in local.open_to_all : "${name}: HTTPS" => { to = name, ipv4 = "0.0.0.0/0", ipv6 = null, prefix_list = null } },
    { for name in local.open_to_all : "${name}: HTTPS over IPv6" => { to = name, ipv4 = null, ipv6 = "::/0", prefix_list = null } },
    { "retrieval: CloudFront" = { to = "retrieval", ipv4 = null, ipv6 = null, prefix_list = data.aws_ec2_managed_prefix_list.cloudfront.id } },
  )
}

data "aws_ec2_managed_prefix_list" "cloudfront" {
  name = "com.amazonaws.global.cloudfront.origin-facing"
}

resource "aws_security_group" "process" {
  for_each = local.processes

  name        = "${local.name}-${each.key}"
  description = "Process ${each.key}"
  vpc_id      = module.network.vpc_id
  tags        = { Name = "${local.name}-${each.key}" }

  #checkov:skip=CKV2_AWS_5:Services attach it; the task of a release gets it when it is run
}

resource "aws_security_group" "load_balancer" {
  for_each = local.surfaces

  name        = "${local.name}-${each.key}-load-balancer"
  description = "Load balancer of ${each.key}"
  vpc_id      = module.network.vpc_id
  tags        = { Name = "${local.name}-${each.key}-load-balancer" }

  #checkov:skip=CKV2_AWS_5:The module load_balancer attaches it
}

resource "aws_security_group" "check" {
  name        = "${local.name}-deployment-check"
  description = "Checks of new releases"
  vpc_id      = module.network.vpc_id
  tags        = { Name = "${local.name}-deployment-check" }

  #checkov:skip=CKV2_AWS_5:The module deployment_check attaches it
}

# For a Prometheus that operators run in the VPC: it reaches /metrics of each web process. Until then it has no members.
resource "aws_security_group" "prometheus" {
  name        = "${local.name}-prometheus"
  description = "Prometheus"
  vpc_id      = module.network.vpc_id
  tags        = { Name = "${local.name}-prometheus" }

  #checkov:skip=CKV2_AWS_5:Operators attach it to a Prometheus of their own
}

resource "aws_vpc_security_group_egress_rule" "connection" {
  for_each = local.connections

  security_group_id            = each.value.from
  referenced_security_group_id = each.value.to
  description                  = each.key
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}

resource "aws_vpc_security_group_ingress_rule" "connection" {
  for_each = local.connections

  security_group_id            = each.value.to
  referenced_security_group_id = each.value.from
  description                  = each.key
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}

resource "aws_vpc_security_group_ingress_rule" "public" {
  for_each = local.public

  security_group_id = aws_security_group.load_balancer[each.value.to].id
  description       = each.key
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = each.value.ipv4
  cidr_ipv6         = each.value.ipv6
  prefix_list_id    = each.value.prefix_list
}

# Archives, and the layers of images. The policy of the endpoint names both buckets.
resource "aws_vpc_security_group_egress_rule" "s3" {
  for_each = local.processes

  security_group_id = aws_security_group.process[each.key].id
  description       = "S3"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  prefix_list_id    = module.network.s3_prefix_list_id
}

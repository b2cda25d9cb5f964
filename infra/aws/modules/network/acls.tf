# Network ACLs are a second barrier behind security groups. They keep no state, so answers need a rule of their own.
locals {
  anyone = "0.0.0.0/0"
  # Logins and remote desktops exist nowhere. From outside, these two are refused first. Inside the VPC, 3389 may be the
  # port to which an answer goes: load balancers open connections from any port above 1023.
  never = {
    no_ssh     = { number = 110, action = "deny", egress = false, from = 22, to = 22, cidr = local.anyone, ipv6 = null }
    no_desktop = { number = 111, action = "deny", egress = false, from = 3389, to = 3389, cidr = local.anyone, ipv6 = null }
  }

  # Endpoints (443, 587 for e-mail), connections between processes and data, and answers. Those of S3, whose endpoint is
  # a gateway, come from public addresses.
  private_rules = merge(local.never, {
    https_in    = { number = 100, action = "allow", egress = false, from = 443, to = 443, cidr = var.cidr_block, ipv6 = null }
    mail_in     = { number = 101, action = "allow", egress = false, from = 587, to = 587, cidr = var.cidr_block, ipv6 = null }
    inside_in   = { number = 102, action = "allow", egress = false, from = 1024, to = 65535, cidr = var.cidr_block, ipv6 = null }
    answers_in  = { number = 120, action = "allow", egress = false, from = 1024, to = 65535, cidr = local.anyone, ipv6 = null }
    https_out   = { number = 100, action = "allow", egress = true, from = 443, to = 443, cidr = local.anyone, ipv6 = null }
    mail_out    = { number = 101, action = "allow", egress = true, from = 587, to = 587, cidr = var.cidr_block, ipv6 = null }
    answers_out = { number = 102, action = "allow", egress = true, from = 1024, to = 65535, cidr = var.cidr_block, ipv6 = null }
  })

  # Load balancers accept 443, and open connections to processes alone.
  public_rules = merge(local.never, {
    https_in         = { number = 100, action = "allow", egress = false, from = 443, to = 443, cidr = local.anyone, ipv6 = null }
    https_in_ipv6    = { number = 101, action = "allow", egress = false, from = 443, to = 443, cidr = null, ipv6 = "::/0" }
    answers_in       = { number = 102, action = "allow", egress = false, from = 1024, to = 65535, cidr = var.cidr_block, ipv6 = null }
    answers_out      = { number = 100, action = "allow", egress = true, from = 1024, to = 65535, cidr = local.anyone, ipv6 = null }
    answers_out_ipv6 = { number = 101, action = "allow", egress = true, from = 1024, to = 65535, cidr = null, ipv6 = "::/0" }
  })
}

resource "aws_network_acl" "this" {
  for_each = { private = aws_subnet.private[*].id, public = aws_subnet.public[*].id }

  vpc_id     = aws_vpc.this.id
  subnet_ids = each.value
  tags       = { Name = "${var.name}-${each.key}" }
}

resource "aws_network_acl_rule" "this" {
  for_each = merge([for subnets, rules in { private = local.private_rules, public = local.public_rules } : {
    for name, rule in rules : "${subnets} ${name}" => merge(rule, { subnets = subnets })
  }]...)

  network_acl_id  = aws_network_acl.this[each.value.subnets].id
  rule_number     = each.value.number
  egress          = each.value.egress
  protocol        = "tcp"
  rule_action     = each.value.action
  cidr_block      = each.value.cidr
  ipv6_cidr_block = each.value.ipv6
  from_port       = each.value.from
  to_port         = each.value.to

  #checkov:skip=CKV_AWS_231:A rule with a lower number refuses 3389 first
}

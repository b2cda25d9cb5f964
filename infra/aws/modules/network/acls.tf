# Network ACLs are a second barrier behind security groups. They keep no state, so answers need a rule of their own.
locals {
  ephemeral = { from = 1024, to = 65535 }

  # Connections between hosts of the VPC, and answers of S3, whose gateway endpoint has public addresses.
  private_rules = {
    vpc_in     = { number = 100, egress = false, from = 0, to = 65535, cidr = var.cidr_block, ipv6 = null }
    vpc_out    = { number = 100, egress = true, from = 0, to = 65535, cidr = var.cidr_block, ipv6 = null }
    answers_in = { number = 110, egress = false, from = local.ephemeral.from, to = local.ephemeral.to, cidr = "0.0.0.0/0", ipv6 = null }
    s3_out     = { number = 110, egress = true, from = 443, to = 443, cidr = "0.0.0.0/0", ipv6 = null }
  }

  public_rules = {
    vpc_in           = { number = 100, egress = false, from = 0, to = 65535, cidr = var.cidr_block, ipv6 = null }
    vpc_out          = { number = 100, egress = true, from = 0, to = 65535, cidr = var.cidr_block, ipv6 = null }
    https_in         = { number = 110, egress = false, from = 443, to = 443, cidr = "0.0.0.0/0", ipv6 = null }
    https_in_ipv6    = { number = 111, egress = false, from = 443, to = 443, cidr = null, ipv6 = "::/0" }
    answers_out      = { number = 120, egress = true, from = local.ephemeral.from, to = local.ephemeral.to, cidr = "0.0.0.0/0", ipv6 = null }
    answers_out_ipv6 = { number = 121, egress = true, from = local.ephemeral.from, to = local.ephemeral.to, cidr = null, ipv6 = "::/0" }
  }
}

resource "aws_network_acl" "private" {
  vpc_id     = aws_vpc.this.id
  subnet_ids = aws_subnet.private[*].id
  tags       = { Name = "${var.name}-private" }
}

resource "aws_network_acl_rule" "private" {
  for_each = local.private_rules

  network_acl_id = aws_network_acl.private.id
  rule_number    = each.value.number
  egress         = each.value.egress
  protocol       = "tcp"
  rule_action    = "allow"
  cidr_block     = each.value.cidr
  from_port      = each.value.from
  to_port        = each.value.to
}

resource "aws_network_acl" "public" {
  vpc_id     = aws_vpc.this.id
  subnet_ids = aws_subnet.public[*].id
  tags       = { Name = "${var.name}-public" }
}

resource "aws_network_acl_rule" "public" {
  for_each = local.public_rules

  network_acl_id  = aws_network_acl.public.id
  rule_number     = each.value.number
  egress          = each.value.egress
  protocol        = "tcp"
  rule_action     = "allow"
  cidr_block      = each.value.cidr
  ipv6_cidr_block = each.value.ipv6
  from_port       = each.value.from
  to_port         = each.value.to
}

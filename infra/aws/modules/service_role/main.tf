# A role that a service of AWS assumes for this account, with one policy.
resource "aws_iam_role" "this" {
  name = var.name
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [merge(
      {
        Effect    = "Allow"
        Principal = { Service = var.service }
        Action    = "sts:AssumeRole"
      },
      [for account in var.account[*] : { Condition = { StringEquals = { "aws:SourceAccount" = account } } }]...
    )]
  })
}

resource "aws_iam_role_policy" "this" {
  name   = var.policy_name
  role   = aws_iam_role.this.id
  policy = jsonencode({ Version = "2012-10-17", Statement = var.statements })
}

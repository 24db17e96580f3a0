<#
.SYNOPSIS
Shows the module at work on a Graph emulator. `cargo xtask demo` starts both.
#>
[CmdletBinding()]
param (
    [Parameter(Mandatory)] [string] $Module,
    [Parameter(Mandatory)] [uri] $Graph,
    [Parameter(Mandatory)] [uri] $Authority,
    [Parameter(Mandatory)] [uri] $Control,
    [Parameter(Mandatory)] [string] $TenantId,
    [Parameter(Mandatory)] [string] $ClientId
)

$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

# Shows a line as one would type it, and runs it. Dot-sourced, so that its variables stay.
function Step([scriptblock] $Line) {
    $text = $Line.ToString().Trim() -replace '(?m)^\s{4}', '>> '
    Write-Host "`nPS> $text" -ForegroundColor Cyan
    . $Line | Out-Host
}

function Say([string] $Text) {
    Write-Host "`n# $Text" -ForegroundColor DarkGray
}

Import-Module $Module
$app = [pscredential]::new(
    $ClientId, (ConvertTo-SecureString $env:REVOKESESSION_CLIENT_SECRET -AsPlainText -Force))

Say "A Graph emulator stands in for Microsoft Graph; with your own tenant leave out the two addresses."
. Step { Connect-RsGraph -TenantId $TenantId -ClientSecretCredential $app `
    -GraphEndpoint $Graph -AuthorityHost $Authority }
. Step { Get-RsContext }

# Everybody in the tenant, as objects with Id and UserPrincipalName, like those of Get-MgUser.
$everybody = Invoke-RestMethod "$Control/users" | ForEach-Object { $_ } | Select-Object Id, UserPrincipalName

Say "What would happen? Nothing is sent."
. Step { $everybody | Select-Object -First 2 | Revoke-RsUserSession -WhatIf }

Say "Now everybody ($($everybody.Count) users, guests and administrators among them), a user who left, and a trap."
$watch = [System.Diagnostics.Stopwatch]::StartNew()
. Step {
    $results = $everybody + 'gone@contoso.com' + '../me' | Revoke-RsUserSession -Confirm:$false `
        -ErrorVariable problems -ErrorAction SilentlyContinue -WarningAction SilentlyContinue
}
$watch.Stop()

. Step { $results | Group-Object Status -NoElement | Sort-Object Count -Descending }
Write-Host ('{0} inputs, {1} results, {2:0.00} seconds' -f ($everybody.Count + 2), @($results).Count, $watch.Elapsed.TotalSeconds)

Say "One of each kind, and what is said about it:"
. Step { $results | Group-Object Status, ErrorCode | ForEach-Object { $_.Group[0] } }

Say "Every cause has an error id to act on:"
. Step { $problems | Group-Object { $_.FullyQualifiedErrorId.Split(',')[0] } -NoElement }

Say "And what the server itself recorded:"
$state = Invoke-RestMethod "$Control/state"
Write-Host ('{0} users revoked in {1} batches; {2} of them more than once.' -f $state.distinctRevoked, $state.requests.batches, $state.duplicateRevocations)

. Step { Disconnect-RsGraph }

$revoked = @($results | Where-Object Status -eq Revoked).Count
if ($revoked -ne $state.distinctRevoked -or @($results).Count -ne $everybody.Count + 2) {
    throw "The module says $revoked were revoked, the server says $($state.distinctRevoked)."
}

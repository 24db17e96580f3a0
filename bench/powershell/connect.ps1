<#
.SYNOPSIS
Imports the module under test and signs in at the emulator. Dot-sourced by the scripts that measure it.
#>
[CmdletBinding()]
param ()

$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
Import-Module $env:BENCH_MODULE
$secret = ConvertTo-SecureString $env:BENCH_CLIENT_SECRET -AsPlainText -Force
Connect-RsGraph -TenantId $env:BENCH_TENANT_ID `
    -ClientSecretCredential ([pscredential]::new($env:BENCH_CLIENT_ID, $secret)) `
    -GraphEndpoint $env:BENCH_GRAPH -AuthorityHost $env:BENCH_AUTHORITY | Out-Null

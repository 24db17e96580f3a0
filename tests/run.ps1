<#
.SYNOPSIS
Runs the Pester tests on the staged module. `cargo xtask test` calls it; by hand, build first.
#>
[CmdletBinding()]
param (
    # The file the totals are written to, as JSON.
    [string] $ResultPath,

    # The test files to run: all of them, or for example `Revoke*`.
    [string] $Name = '*'
)

$ErrorActionPreference = 'Stop'
Import-Module Pester -MinimumVersion 5.0 -MaximumVersion 5.99.99

# Given by the build; by hand, the same places.
$root = Split-Path $PSScriptRoot
$suffix = $IsWindows ? '.exe' : ''
$env:REVOKESESSION_MODULE ??= Join-Path $root out RevokeSession RevokeSession.psd1
$env:REVOKESESSION_EMULATOR ??= Join-Path $root target debug "graph-emulator$suffix"
foreach ($product in $env:REVOKESESSION_MODULE, $env:REVOKESESSION_EMULATOR) {
    if (-not (Test-Path -LiteralPath $product)) {
        throw "$product is missing: run ``cargo xtask build`` first"
    }
}

$files = @(Get-ChildItem -Path $PSScriptRoot -Filter "$Name.Tests.ps1" | ForEach-Object FullName)
if (-not $files) {
    throw "There is no test file $Name.Tests.ps1 in $PSScriptRoot"
}

$configuration = New-PesterConfiguration
$configuration.Run.Path = $files
$configuration.Run.PassThru = $true
$configuration.Output.Verbosity = 'Detailed'
$configuration.Output.CIFormat = 'None'
$run = Invoke-Pester -Configuration $configuration

# A file or block that could not run fails as a whole, without counting any of its tests as failed.
$failed = $run.FailedCount + $run.FailedBlocksCount + $run.FailedContainersCount
if ($ResultPath) {
    [ordered]@{
        passed  = $run.PassedCount
        failed  = $failed
        skipped = $run.SkippedCount + $run.InconclusiveCount + $run.NotRunCount
    } | ConvertTo-Json | Set-Content -LiteralPath $ResultPath
}
exit ($failed -gt 0 ? 1 : 0)

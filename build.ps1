<#
.SYNOPSIS
Runs one task of the build. Everything is done by `cargo xtask`; this only forwards to it.

.EXAMPLE
./build.ps1 -Task Test
#>
[CmdletBinding()]
param (
    [Parameter(Position = 0)]
    [ValidateSet('Build', 'Test', 'Demo', 'Bench', 'Docs', 'Lint', 'Package', 'Bindings')]
    [string] $Task = 'Build'
)

Push-Location -LiteralPath $PSScriptRoot
try {
    cargo xtask $Task.ToLowerInvariant()
}
finally {
    Pop-Location
}
exit $LASTEXITCODE

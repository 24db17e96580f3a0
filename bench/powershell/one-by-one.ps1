<#
.SYNOPSIS
The loop of every documented example: one user a call, one call after the other. Prints what it took as JSON.
#>
[CmdletBinding()]
param (
    [Parameter(Mandatory)] [string] $Users,
    [Parameter(Mandatory)] [int] $Take
)

$ErrorActionPreference = 'Stop'
$ids = [System.IO.File]::ReadLines($Users) | Select-Object -First $Take
$token = (Invoke-RestMethod -Method Post -Uri "$env:BENCH_CONTROL/token").access_token
$headers = @{ Authorization = "Bearer $token" }

$process = [System.Diagnostics.Process]::GetCurrentProcess()
$cpu = $process.TotalProcessorTime
$watch = [System.Diagnostics.Stopwatch]::StartNew()
$answers = foreach ($id in $ids) {
    Invoke-RestMethod -Method Post -Uri "$env:BENCH_GRAPH/v1.0/users/$id/revokeSignInSessions" -Headers $headers
}
$watch.Stop()
$process.Refresh()

$revoked = @($answers | Where-Object value -EQ $true).Count
$round = @{
    seconds = $watch.Elapsed.TotalSeconds
    cpuSeconds = ($process.TotalProcessorTime - $cpu).TotalSeconds
    revoked = $revoked
    other = $Take - $revoked
}
@{ rounds = @($round) } | ConvertTo-Json -Compress -Depth 3

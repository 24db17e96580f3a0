<#
.SYNOPSIS
One user a call, ten calls at once, by ForEach-Object -Parallel. Prints what it took as JSON.
#>
[CmdletBinding()]
param (
    [Parameter(Mandatory)] [string] $Users,
    [Parameter(Mandatory)] [int] $Take,
    [int] $InFlight = 10
)

$ErrorActionPreference = 'Stop'
$ids = [System.IO.File]::ReadLines($Users) | Select-Object -First $Take
$token = (Invoke-RestMethod -Method Post -Uri "$env:BENCH_CONTROL/token").access_token
$headers = @{ Authorization = "Bearer $token" }

$process = [System.Diagnostics.Process]::GetCurrentProcess()
$cpu = $process.TotalProcessorTime
$watch = [System.Diagnostics.Stopwatch]::StartNew()
$answers = $ids | ForEach-Object -ThrottleLimit $InFlight -Parallel {
    Invoke-RestMethod -Method Post -Uri "$env:BENCH_GRAPH/v1.0/users/$_/revokeSignInSessions" -Headers $using:headers
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

<#
.SYNOPSIS
RevokeSession at a prompt: strings in, result objects out. Prints what it took as JSON.
#>
[CmdletBinding()]
param (
    [Parameter(Mandatory)] [string] $Users,
    [Parameter(Mandatory)] [int] $Take,
    [int] $Rounds = 1,
    [int] $WarmUp,
    [int] $InFlight
)

. "$PSScriptRoot/connect.ps1"
$ids = [string[]]([System.IO.File]::ReadLines($Users) | Select-Object -First $Take)
$options = @{ Confirm = $false }
if ($InFlight) {
    $options.ThrottleLimit = $InFlight
}
for ($left = $WarmUp; $left -gt 0; $left -= $Take) {
    $null = $ids | Select-Object -First $left | Revoke-RsUserSession @options
}

$process = [System.Diagnostics.Process]::GetCurrentProcess()
$measured = for ($round = 0; $round -lt $Rounds; $round++) {
    $process.Refresh()
    $cpu = $process.TotalProcessorTime
    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    $results = $ids | Revoke-RsUserSession @options
    $watch.Stop()
    $process.Refresh()
    $cpu = $process.TotalProcessorTime - $cpu

    $revoked = 0
    foreach ($result in $results) {
        if ($result.Status -eq 'Revoked') { $revoked++ }
    }
    @{
        seconds = $watch.Elapsed.TotalSeconds
        cpuSeconds = $cpu.TotalSeconds
        revoked = $revoked
        other = $Take - $revoked
    }
}
@{ rounds = @($measured); peakKib = [long]($process.PeakWorkingSet64 / 1KB) } | ConvertTo-Json -Compress -Depth 3

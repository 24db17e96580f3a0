<#
.SYNOPSIS
Says as JSON what PowerShell knows about the machine, without its name, and what day it is.
#>
[CmdletBinding()]
param ()

@{
    powershell = "$($PSVersionTable.PSVersion)"
    dotnet = [System.Runtime.InteropServices.RuntimeInformation]::FrameworkDescription
    system = [System.Environment]::OSVersion.VersionString
    architecture = "$([System.Runtime.InteropServices.RuntimeInformation]::OSArchitecture)"
    date = Get-Date -Format 'yyyy-MM-dd'
} | ConvertTo-Json -Compress

#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }

BeforeDiscovery {
    . $PSScriptRoot/common.ps1
    $cmdlets = (Get-Module RevokeSession).ExportedCmdlets.Keys | Sort-Object
    $parameters = foreach ($cmdlet in $cmdlets) {
        $common = [System.Management.Automation.PSCmdlet]::CommonParameters
        (Get-Command $cmdlet).Parameters.Keys | Where-Object { $_ -notin $common } |
            ForEach-Object { @{ Cmdlet = $cmdlet; Parameter = $_ } }
    }
}

BeforeAll {
    . $PSScriptRoot/common.ps1
    $rid = '{0}-{1}' -f ($IsWindows ? 'win' : $IsMacOS ? 'osx' : 'linux'),
        [System.Runtime.InteropServices.RuntimeInformation]::ProcessArchitecture.ToString().ToLowerInvariant()
    $staged = Split-Path $env:REVOKESESSION_MODULE

    # The staged module without its native library, or with something else in its place.
    function Copy-Module([string] $Name, [string] $Library) {
        $folder = Join-Path $TestDrive $Name RevokeSession
        $null = New-Item $folder -ItemType Directory
        Get-ChildItem $staged | Where-Object Name -NE $rid | Copy-Item -Destination $folder -Recurse
        if ($Library) {
            $native = Get-ChildItem (Join-Path $staged $rid) -File
            $null = New-Item (Join-Path $folder $rid) -ItemType Directory
            Set-Content (Join-Path $folder $rid $native.Name) $Library
        }
        Join-Path $folder RevokeSession.psd1
    }

    function Get-FailureOf([string] $Manifest, [string] $Line) {
        Invoke-Pwsh @"
            Import-Module '$Manifest' -ErrorAction Stop
            try { $Line; ConvertTo-Json 'no error' }
            catch {
                [pscustomobject]@{
                    Id = `$_.FullyQualifiedErrorId; Category = "`$(`$_.CategoryInfo.Category)"
                    Message = "`$_"; Action = `$_.ErrorDetails.RecommendedAction
                } | ConvertTo-Json
            }
"@ | ConvertFrom-Json
    }
}

Describe 'The module' {
    It 'has a valid manifest for PowerShell 7.4 and later' {
        $manifest = Test-ModuleManifest $env:REVOKESESSION_MODULE
        $manifest.PowerShellVersion | Should -Be '7.4'
        $manifest.CompatiblePSEditions | Should -Be 'Core'
        $manifest.Description | Should -Not -BeNullOrEmpty
        $manifest.RequiredModules | Should -BeNullOrEmpty
    }

    It 'exports its cmdlets and nothing else' {
        $module = Get-Module RevokeSession
        $module.ExportedCommands.Keys | Sort-Object |
            Should -Be 'Connect-RsGraph', 'Disconnect-RsGraph', 'Export-RsReport', 'Get-RsContext', 'Get-RsJournal', 'Get-RsSignIn', 'Get-RsUserSession', 'Revoke-RsUserSession'
        $module.ExportedFunctions.Count + $module.ExportedVariables.Count + $module.ExportedAliases.Count | Should -Be 0
    }

    It 'brings one assembly and one native library' {
        Get-ChildItem $staged -Recurse -File -Include *.dll, *.so, *.dylib | ForEach-Object Name | Sort-Object |
            Should -Be @(
                Get-ChildItem (Join-Path $staged $rid) | ForEach-Object Name
                'RevokeSession.dll'
            )
    }

    It 'is imported in less than 150 ms, without loading the native library' {
        $times = foreach ($round in 1..3) {
            $report = Invoke-Pwsh @'
                $watch = [System.Diagnostics.Stopwatch]::StartNew()
                Import-Module $env:REVOKESESSION_MODULE
                $watch.Stop()
                $native = (Get-Process -Id $PID).Modules.ModuleName -like '*revoke_session*'
                '{0} {1}' -f [int]$watch.ElapsedMilliseconds, @($native).Count
'@
            $milliseconds, $loaded = $report.Split(' ')
            $loaded | Should -Be 0
            [int]$milliseconds
        }
        ($times | Measure-Object -Minimum).Minimum | Should -BeLessThan 150
    }
}

Describe 'The help of <_>' -ForEach $cmdlets {
    BeforeAll { $help = Get-Help $_ -Full }

    It 'says what it is for' {
        $help.Synopsis | Should -Not -BeNullOrEmpty
        # What PowerShell makes up when there is no help.
        $help.Synopsis | Should -Not -BeLike "*$_*CommonParameters*"
        "$($help.description.Text)" | Should -Not -BeNullOrEmpty
    }

    It 'shows examples' {
        @($help.examples.example).Count | Should -BeGreaterThan 0
        foreach ($example in $help.examples.example) {
            $example.code | Should -Match $_
        }
    }
}

Describe 'The help of <Cmdlet> -<Parameter>' -ForEach $parameters {
    It 'explains it' {
        $described = (Get-Help $Cmdlet -Parameter $Parameter).description.Text
        "$described" | Should -Not -BeNullOrEmpty
    }
}

Describe 'A missing native library' {
    BeforeAll { $manifest = Copy-Module missing }

    It 'ends <_> with an error that names platform and path' -ForEach @(
        'Revoke-RsUserSession a@b.c -Confirm:$false'
        'Get-RsContext'
        'Connect-RsGraph -AccessToken (ConvertTo-SecureString x -AsPlainText -Force)'
    ) {
        $failure = Get-FailureOf $manifest $_
        $failure.Id | Should -BeLike 'NativeLibraryMissing,RevokeSession.Commands.*Command'
        $failure.Category | Should -Be ResourceUnavailable
        $failure.Message | Should -BeLike "*$rid*"
        $failure.Message | Should -BeLike "*$(Join-Path (Split-Path $manifest) $rid)*revoke_session*"
        $failure.Action | Should -Not -BeNullOrEmpty
    }

    It 'does not keep anybody from disconnecting' {
        Get-FailureOf $manifest Disconnect-RsGraph | Should -Be 'no error'
    }
}

Describe 'A native library that is none' {
    It 'is told as one that does not fit' {
        $manifest = Copy-Module mismatch -Library 'not a library'
        $failure = Get-FailureOf $manifest 'Revoke-RsUserSession a@b.c -Confirm:$false'
        $failure.Id | Should -Be 'NativeLibraryMismatch,RevokeSession.Commands.RevokeRsUserSessionCommand'
        $failure.Message | Should -BeLike "*$rid*"
    }
}

Describe 'Removing the module' {
    BeforeAll { $emulator = Start-Emulator -Users 20 }
    AfterAll { Stop-Emulator $emulator }

    It 'signs out, in this runspace only' {
        $one = New-Shell $emulator
        $other = New-Shell $emulator
        try {
            $line = 'Remove-Module RevokeSession; Import-Module $args[0]; Get-RsContext'
            $run = Invoke-Shell $one $line $env:REVOKESESSION_MODULE
            $run.Errors | Should -BeNullOrEmpty
            $run.Output | Should -BeNullOrEmpty
            (Invoke-Shell $other 'Get-RsContext').Output.TenantId | Should -Be $emulator.tenantId
        }
        finally {
            Close-Shell $one
            Close-Shell $other
        }
    }
}

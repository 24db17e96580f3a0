# What every test file needs: the staged module, emulators, and a host that answers prompts.
# Dot-source it in BeforeAll.

$ErrorActionPreference = 'Stop'
Import-Module $env:REVOKESESSION_MODULE

# Starts a tenant of its own. It ends with this process at the latest.
function Start-Emulator([int] $Users = 60, [string[]] $Arguments = @()) {
    $start = [System.Diagnostics.ProcessStartInfo]::new($env:REVOKESESSION_EMULATOR)
    $start.RedirectStandardOutput = $true
    $start.RedirectStandardInput = $true
    foreach ($argument in @('--users', $Users, '--exit-on-stdin-eof') + $Arguments) {
        $start.ArgumentList.Add($argument)
    }
    $process = [System.Diagnostics.Process]::Start($start)
    $ready = $process.StandardOutput.ReadLine() | ConvertFrom-Json
    $ready | Add-Member -NotePropertyName Process -NotePropertyValue $process -PassThru
}

function Stop-Emulator($Emulator) {
    if (-not $Emulator.Process.HasExited) {
        $Emulator.Process.Kill()
        $Emulator.Process.WaitForExit()
    }
}

# Asks the emulator itself, such as `state` or `cast`.
function Get-Emulator($Emulator, [string] $Path) {
    # Enumerated: Invoke-RestMethod gives an array as one object.
    Invoke-RestMethod "$($Emulator.control)/$Path" | ForEach-Object { $_ }
}

# Tells the emulator something, such as `faults` or `token`.
function Set-Emulator($Emulator, [string] $Path, $Body = @{}) {
    $json = [System.Text.Encoding]::UTF8.GetBytes((ConvertTo-Json $Body -Depth 9 -Compress))
    Invoke-RestMethod "$($Emulator.control)/$Path" -Method Post -Body $json -ContentType 'application/json'
}

# Forgets revocations, counters and faults.
function Reset-Emulator($Emulator) {
    $null = Set-Emulator $Emulator reset
    $null = Invoke-RestMethod "$($Emulator.control)/faults" -Method Delete
}

function ConvertTo-Secret([string] $Text) {
    ConvertTo-SecureString $Text -AsPlainText -Force
}

# The parameters of Connect-RsGraph for an emulator.
function Get-SignIn($Emulator, [string] $Secret = $Emulator.clientSecret) {
    @{
        TenantId               = $Emulator.tenantId
        ClientSecretCredential = [pscredential]::new($Emulator.clientId, (ConvertTo-Secret $Secret))
        GraphEndpoint          = $Emulator.graph
        AuthorityHost          = $Emulator.authority
    }
}

function Connect-Emulator($Emulator) {
    $signIn = Get-SignIn $Emulator
    Connect-RsGraph @signIn
}

# Runs a script with other environment variables; $null removes one.
function Use-Environment([hashtable] $Variables, [scriptblock] $Script) {
    $before = @{}
    foreach ($name in $Variables.Keys) {
        $before[$name] = [System.Environment]::GetEnvironmentVariable($name)
        [System.Environment]::SetEnvironmentVariable($name, $Variables[$name])
    }
    try {
        & $Script
    }
    finally {
        foreach ($name in $before.Keys) {
            [System.Environment]::SetEnvironmentVariable($name, $before[$name])
        }
    }
}

# A self-signed certificate with its private key.
function New-Certificate([string] $Subject = 'CN=RevokeSession test', [switch] $Ec, [int] $FromDay = -2, [int] $ToDay = 365) {
    $sha256 = [System.Security.Cryptography.HashAlgorithmName]::SHA256
    $request = if ($Ec) {
        [System.Security.Cryptography.X509Certificates.CertificateRequest]::new($Subject, [System.Security.Cryptography.ECDsa]::Create(), $sha256)
    }
    else {
        [System.Security.Cryptography.X509Certificates.CertificateRequest]::new($Subject, [System.Security.Cryptography.RSA]::Create(2048), $sha256,
            [System.Security.Cryptography.RSASignaturePadding]::Pkcs1)
    }
    $now = [DateTimeOffset]::UtcNow
    $request.CreateSelfSigned($now.AddDays($FromDay), $now.AddDays($ToDay))
}

# The private key of a certificate as PEM, encrypted where a password is given.
function Get-PrivateKeyPem([System.Security.Cryptography.X509Certificates.X509Certificate2] $Certificate, [string] $Password) {
    $key = [System.Security.Cryptography.X509Certificates.RSACertificateExtensions]::GetRSAPrivateKey($Certificate)
    if (-not $Password) { return $key.ExportPkcs8PrivateKeyPem() }
    $how = [System.Security.Cryptography.PbeParameters]::new('Aes256Cbc', 'SHA256', 1000)
    $key.ExportEncryptedPkcs8PrivateKeyPem($Password.ToCharArray(), $how)
}

# Waits for a condition, and fails when it does not come.
function Wait-Until([scriptblock] $Condition, [int] $Seconds = 20) {
    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    while (-not (& $Condition)) {
        if ($watch.Elapsed.TotalSeconds -gt $Seconds) {
            throw "This did not happen within $Seconds s: $Condition"
        }
        [System.Threading.Thread]::Sleep(10)
    }
}

# The id of an error record without the cmdlet's name.
function Get-ErrorId($ErrorRecord) {
    $ErrorRecord.FullyQualifiedErrorId.Split(',')[0]
}

# A host that answers prompts from a list and remembers what was shown.
if (-not ('RevokeSession.Testing.AnsweringHost' -as [type])) {
    Add-Type -TypeDefinition @'
using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;

namespace RevokeSession.Testing
{
    public sealed class AnsweringHost : PSHost
    {
        private readonly AnsweringUI ui = new AnsweringUI();
        public ConcurrentQueue<string> Answers { get { return ui.Answers; } }
        public ConcurrentQueue<string> Prompts { get { return ui.Prompts; } }
        public ConcurrentQueue<string> Lines { get { return ui.Lines; } }
        public ConcurrentQueue<ProgressRecord> Progress { get { return ui.Progress; } }
        public override CultureInfo CurrentCulture { get { return CultureInfo.InvariantCulture; } }
        public override CultureInfo CurrentUICulture { get { return CultureInfo.InvariantCulture; } }
        public override Guid InstanceId { get; } = Guid.NewGuid();
        public override string Name { get { return "AnsweringHost"; } }
        public override PSHostUserInterface UI { get { return ui; } }
        public override Version Version { get { return new Version(1, 0); } }
        public override void EnterNestedPrompt() { }
        public override void ExitNestedPrompt() { }
        public override void NotifyBeginApplication() { }
        public override void NotifyEndApplication() { }
        public override void SetShouldExit(int exitCode) { }
    }

    internal sealed class AnsweringUI : PSHostUserInterface
    {
        public readonly ConcurrentQueue<string> Answers = new ConcurrentQueue<string>();
        public readonly ConcurrentQueue<string> Prompts = new ConcurrentQueue<string>();
        public readonly ConcurrentQueue<string> Lines = new ConcurrentQueue<string>();
        public readonly ConcurrentQueue<ProgressRecord> Progress = new ConcurrentQueue<ProgressRecord>();
        public override PSHostRawUserInterface RawUI { get { return null; } }

        public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice)
        {
            Prompts.Enqueue(message);
            string answer;
            if (!Answers.TryDequeue(out answer))
            {
                throw new InvalidOperationException("Nobody expected this prompt: " + message);
            }
            for (int index = 0; index < choices.Count; index++)
            {
                if (choices[index].Label.Replace("&", "") == answer) { return index; }
            }
            throw new InvalidOperationException("There is no choice " + answer);
        }

        public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions) { throw new NotSupportedException(); }
        public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName) { throw new NotSupportedException(); }
        public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName, PSCredentialTypes types, PSCredentialUIOptions options) { throw new NotSupportedException(); }
        public override string ReadLine() { throw new NotSupportedException(); }
        public override SecureString ReadLineAsSecureString() { throw new NotSupportedException(); }
        public override void Write(string value) { Lines.Enqueue(value); }
        public override void Write(ConsoleColor foreground, ConsoleColor background, string value) { Lines.Enqueue(value); }
        public override void WriteLine(string value) { Lines.Enqueue(value); }
        public override void WriteErrorLine(string value) { Lines.Enqueue(value); }
        public override void WriteDebugLine(string message) { Lines.Enqueue(message); }
        public override void WriteVerboseLine(string message) { Lines.Enqueue(message); }
        public override void WriteWarningLine(string message) { Lines.Enqueue(message); }
        public override void WriteProgress(long sourceId, ProgressRecord record) { Progress.Enqueue(record); }
    }
}
'@
}

# A PowerShell in a runspace of its own, with the module imported and signed in where an emulator is given.
function New-Shell($Emulator, [string[]] $Answers = @()) {
    $answering = [RevokeSession.Testing.AnsweringHost]::new()
    $Answers | ForEach-Object { $answering.Answers.Enqueue($_) }
    $state = [initialsessionstate]::CreateDefault2()
    $state.ImportPSModule($env:REVOKESESSION_MODULE)
    $runspace = [runspacefactory]::CreateRunspace($answering, $state)
    $runspace.Open()
    $shell = [powershell]::Create($runspace)
    if ($Emulator) {
        $null = $shell.AddCommand('Connect-RsGraph').AddParameters((Get-SignIn $Emulator)).Invoke()
        $shell.Commands.Clear()
    }
    $shell | Add-Member -NotePropertyName Answering -NotePropertyValue $answering -PassThru
}

# Runs a script in such a shell: its objects and errors, and what the host was asked and shown.
function Invoke-Shell($Shell, [string] $Script, [object[]] $Arguments = @()) {
    $Shell.Commands.Clear()
    $Shell.Streams.ClearStreams()
    $null = $Shell.AddScript($Script)
    $Arguments | ForEach-Object { $null = $Shell.AddArgument($_) }
    $failure = $null
    $output = @()
    try {
        $output = @($Shell.Invoke())
    }
    catch {
        $failure = $_.Exception.InnerException
    }
    [pscustomobject]@{
        Output   = $output
        Errors   = @($Shell.Streams.Error)
        Warnings = @($Shell.Streams.Warning)
        Failure  = $failure
        Prompts  = @($Shell.Answering.Prompts)
        Lines    = @($Shell.Answering.Lines)
        Progress = @($Shell.Answering.Progress)
    }
}

function Close-Shell($Shell) {
    $Shell.Runspace.Dispose()
    $Shell.Dispose()
}

# Runs a script in a PowerShell process of its own, and gives back what it wrote.
function Invoke-Pwsh([string] $Script, [hashtable] $Environment = @{}) {
    $start = [System.Diagnostics.ProcessStartInfo]::new([System.Environment]::ProcessPath)
    $start.RedirectStandardOutput = $true
    $start.RedirectStandardInput = $true
    foreach ($argument in '-NoProfile', '-NonInteractive', '-Command', $Script) {
        $start.ArgumentList.Add($argument)
    }
    foreach ($name in $Environment.Keys) {
        $start.Environment[$name] = $Environment[$name]
    }
    $process = [System.Diagnostics.Process]::Start($start)
    $text = $process.StandardOutput.ReadToEnd()
    $process.WaitForExit()
    $text.Trim()
}

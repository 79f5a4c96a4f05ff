using System.Diagnostics;
using System.Text.Json;
using FsCheck.Fluent;
using Plue.Server.Permissions;

namespace Plue.Server.Tests.Permissions;

/// <summary>
/// A development check against the parser of PowerShell 7, which runs nothing. Set <c>PLUE_TEST_PWSH</c> to the program, for example after
/// <c>dotnet tool install PowerShell --tool-path FOLDER</c>. Windows PowerShell 5.1 and the start of commands on Windows were not run.
/// </summary>
public sealed class PowerShellParserTests
{
    private const int Lines = 20_000;

    /// <summary>Writes, for each line, its commands as lists of words; null for a line that is more than literal commands.</summary>
    private const string Script = """
        $lines = [IO.File]::ReadAllText($args[0]) | ConvertFrom-Json
        $found = foreach ($line in $lines) {
          $errors = $null; $tokens = $null
          $tree = [System.Management.Automation.Language.Parser]::ParseInput($line, [ref]$tokens, [ref]$errors)
          $isLiteral = $errors.Count -eq 0
          $commands = foreach ($node in $tree.FindAll({ $true }, $true)) {
            switch ($node.GetType().Name) {
              'CommandAst' {
                if ($node.InvocationOperator -ne 'Unknown' -or $node.Redirections.Count) { $isLiteral = $false }
                $words = foreach ($element in $node.CommandElements) {
                  if ($element -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $element.Value }
                  elseif ($element -is [System.Management.Automation.Language.CommandParameterAst] -and -not $element.Argument) { $element.Extent.Text }
                  elseif ($element -is [System.Management.Automation.Language.ConstantExpressionAst]) { $element.Extent.Text }
                  else { $isLiteral = $false }
                }
                [pscustomobject]@{ words = [object[]]@($words) }
              }
              'PipelineAst' { if ($node.Background) { $isLiteral = $false } }
              { $_ -in 'ScriptBlockAst', 'NamedBlockAst', 'PipelineChainAst', 'StringConstantExpressionAst', 'CommandParameterAst', 'ConstantExpressionAst' } { }
              default { $isLiteral = $false }
            }
          }
          $literal = $null
          if ($isLiteral) { $literal = [object[]]@($commands) }
          [pscustomobject]@{ commands = $literal }
        }
        [IO.File]::WriteAllText($args[1], (ConvertTo-Json -Depth 6 -InputObject @($found)))
        """;

    [Fact]
    public async Task Lines_that_the_grammar_supports_are_the_same_literal_commands_for_PowerShell()
    {
        var pwsh = Environment.GetEnvironmentVariable("PLUE_TEST_PWSH");
        Assert.SkipWhen(pwsh is null, "PLUE_TEST_PWSH does not name PowerShell 7. Windows PowerShell 5.1 was not run at all.");
        var supported = PowerShellLines
            .Any.Sample(Lines)
            .Select(line => (Line: line, Reading: PowerShellGrammar.Parse(line)))
            .Where(one => one.Reading.Unsupported is null)
            .ToList();
        Assert.True(supported.Count > 100, $"Only {supported.Count} lines are supported.");
        var folder = Directory.CreateTempSubdirectory("plue-pwsh-").FullName;
        var (script, input, output) = (Path.Combine(folder, "a.ps1"), Path.Combine(folder, "in.json"), Path.Combine(folder, "out.json"));
        await File.WriteAllTextAsync(script, Script, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            input,
            JsonSerializer.Serialize(supported.Select(one => one.Line)),
            TestContext.Current.CancellationToken
        );
        using (var process = Process.Start(pwsh, ["-NoProfile", "-NonInteractive", "-File", script, input, output]))
        {
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        using var found = JsonDocument.Parse(await File.ReadAllTextAsync(output, TestContext.Current.CancellationToken));
        Assert.Equal(supported.Count, found.RootElement.GetArrayLength());
        Assert.All(
            supported.Zip(found.RootElement.EnumerateArray()),
            pair =>
            {
                var ((line, reading), parsed) = pair;
                var commands = parsed.GetProperty("commands");
                Assert.True(commands.ValueKind == JsonValueKind.Array, $"Not literal: {line}");
                Assert.Equal(
                    commands
                        .EnumerateArray()
                        .Select(words =>
                            PowerShellCommands.Normalize([.. words.GetProperty("words").EnumerateArray().Select(word => word.GetString()!)])
                        ),
                    reading.Commands.Select(command => command.Words)
                );
            }
        );
        Directory.Delete(folder, recursive: true);
    }
}

namespace Plue.Server.Chat;

/// <summary>Determines the VS Code language id of a file from its name, or else from the interpreter in its first line.</summary>
internal static class FileLanguages
{
    private static readonly Dictionary<string, string> ByExtension = Table(
        """
        bat=bat c=c cc=cpp clj=clojure cmd=bat coffee=coffeescript conf=properties cpp=cpp cs=csharp cshtml=razor csproj=xml css=css csx=csharp cts=typescript cxx=cpp
        dart=dart diff=diff dockerfile=dockerfile env=dotenv ex=elixir exs=elixir fs=fsharp fsproj=xml fsx=fsharp go=go gradle=groovy graphql=graphql groovy=groovy
        h=c handlebars=handlebars hbs=handlebars hcl=terraform hpp=cpp hs=haskell htm=html html=html ini=ini ipynb=json java=java jl=julia js=javascript json=json
        json5=json5 jsonc=jsonc jsonl=jsonl jsx=javascriptreact kt=kotlin kts=kotlin less=less lua=lua m=objective-c markdown=markdown md=markdown mdx=mdx mjs=javascript
        cjs=javascript mk=makefile ml=ocaml mts=typescript patch=diff php=php pl=perl pm=perl properties=properties proto=proto3 props=xml ps1=powershell psm1=powershell
        py=python pyi=python pyw=python r=r razor=razor rb=ruby resx=xml rs=rust rst=restructuredtext sass=sass scala=scala scss=scss sh=shellscript bash=shellscript
        zsh=shellscript sln=plaintext sol=solidity sql=sql svelte=svelte svg=xml swift=swift targets=xml tex=latex tf=terraform toml=toml ts=typescript tsx=typescriptreact
        txt=plaintext vb=vb vue=vue xaml=xml xml=xml yaml=yaml yml=yaml zig=zig
        """
    );
    private static readonly Dictionary<string, string> ByName = Table(
        """
        dockerfile=dockerfile containerfile=dockerfile makefile=makefile gnumakefile=makefile jenkinsfile=groovy gemfile=ruby rakefile=ruby cmakelists.txt=cmake
        .gitignore=ignore .dockerignore=ignore .npmignore=ignore .gitattributes=properties .editorconfig=properties .bashrc=shellscript .zshrc=shellscript .env=dotenv
        """
    );
    private static readonly Dictionary<string, string> ByProgram = Table(
        """
        sh=shellscript bash=shellscript zsh=shellscript dash=shellscript ksh=shellscript python=python python3=python python2=python node=javascript deno=typescript
        bun=typescript ruby=ruby perl=perl php=php lua=lua pwsh=powershell rscript=r
        """
    );

    /// <returns>Null if unknown.</returns>
    public static string? Of(string path, string? text)
    {
        var name = Path.GetFileName(path).ToLowerInvariant();
        return ByName.GetValueOrDefault(name)
            ?? ByExtension.GetValueOrDefault(Path.GetExtension(name).TrimStart('.'))
            ?? (text is not null && text.StartsWith("#!", StringComparison.Ordinal) ? ByProgram.GetValueOrDefault(ProgramOf(text)) : null);
    }

    /// <summary>Gets <c>python3</c> from <c>#!/usr/bin/env -S python3 -u</c>.</summary>
    private static string ProgramOf(string text)
    {
        var end = text.IndexOfAny(['\r', '\n']);
        var words = (end < 0 ? text : text[..end])[2..].Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var program = words
            .Select(word => word[(word.LastIndexOf('/') + 1)..])
            .FirstOrDefault(word => word is not "env" && !word.StartsWith('-') && !word.Contains('='));
        return program?.ToLowerInvariant() ?? "";
    }

    private static Dictionary<string, string> Table(string rows) =>
        rows.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
            .Select(row => row.Split('='))
            .ToDictionary(row => row[0], row => row[1], StringComparer.Ordinal);
}

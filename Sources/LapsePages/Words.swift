/// The words of the pages that people meet when they sign in, in one language. A word that is missing does not compile.
package struct Words: Sendable {
    /// BCP 47.
    let tag: String

    let signIn: String
    let signInTo: String
    let toContinueTo: String
    let userName: String
    let password: String
    let newPassword: String
    let staySignedIn: String
    let useSecurityKey: String
    let securityKeyNote: String

    let pickAccount: String
    let pickAccountFor: String
    let useAnotherAccount: String
    let onAnotherDevice: String
    let cancel: String

    let permissionsRequested: String
    let asksForPermission: String
    let wouldActFor: String
    /// What a permission lets the app do, by its name at Graph.
    let permissions: [String: String]
    let accept: String

    let enterCode: String
    let enterCodeOfDevice: String
    let enterCodeText: String
    let tryingToSignIn: String
    let onlyIfYouStarted: String
    let code: String
    let next: String
    let wrongCode: String
    let youAreSignedIn: String
    let signedInOnDevice: String
    let declined: String
    let declinedOnDevice: String

    let errorTitle: String
    let errorHeading: String
    let requestID: String
    let correlationID: String
    let timestamp: String
    let message: String
    let notFound: String
    let nothingHere: String

    let signOutOf: String
    let signedOut: String
    let youSignedOut: String
    let closeWindows: String
    let signingOutOfApp: String
    let working: String
    let backToApp: String
    let goOn: String

    let whatGoodAppDoes: String
    /// What a good app does about an error, by the name that LapseRules has for it (`ErrorAdvice`).
    let advice: [String: String]

    let footer: String

    /// Why a sign-in was refused, by AADSTS number.
    let reasons: [Int: String]
    let otherReason: String

    /// What a person is told of a refusal, above its message; nil without a number.
    package func reason(_ code: Int?) -> String? { code.map { reasons[$0] ?? otherReason } }

    /// The text with its names filled in.
    func filled(_ text: KeyPath<Words, String>, app: String, user: String = "") -> String {
        // One pass: what a name contains is no placeholder.
        self[keyPath: text].split(separator: "{app}", omittingEmptySubsequences: false)
            .map { $0.split(separator: "{user}", omittingEmptySubsequences: false).joined(separator: user) }
            .joined(separator: app)
    }

    /// The name of an app whose sign-in is approved here for another device.
    package func appOnAnotherDevice(_ app: String) -> String { filled(\.onAnotherDevice, app: app) }

    // MARK: Which language

    private static let all = [english, spanish, brazilian, portuguese]

    /// The first language asked for that there are words in; English else. Of Portuguese the one that is named: without a country that of
    /// Brazil, as Unicode's likely subtags have it, and that of Portugal for every other country.
    ///
    /// - Parameter uiLocales: OpenID Connect Core 3.1.2.1, tags with blanks between them, the best first.
    /// - Parameter acceptLanguage: RFC 9110 section 12.5.4.
    package static func chosen(uiLocales: String?, acceptLanguage: String?) -> Words {
        let asked = (uiLocales ?? "").split(separator: " ").map(String.init) + tags(acceptLanguage ?? "")
        for tag in asked.prefix(50) {
            let parts = tag.lowercased().split(separator: "-")
            let spoken = all.filter { $0.tag.prefix { $0 != "-" } == parts.first ?? "" }
            let named = parts.count > 1 ? spoken.first { $0.tag.lowercased() == tag.lowercased() } ?? spoken.last : spoken.first
            if let named { return named }
        }
        return english
    }

    /// The tags of the header, the best first; those of weight nought are not wanted.
    private static func tags(_ header: String) -> [String] {
        let weighted = header.split(separator: ",").prefix(50).compactMap { item -> (tag: String, weight: Double)? in
            let parts = item.split(separator: ";").map { String($0.filter { $0 != " " }) }
            guard let tag = parts.first, !tag.isEmpty else { return nil }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
            return weight > 0 ? (tag, weight) : nil
        }
        return weighted.enumerated().sorted { ($1.element.weight, $0.offset) < ($0.element.weight, $1.offset) }.map(\.element.tag)
    }
}

extension Words {
    package static let english = Words(
        tag: "en", signIn: "Sign in", signInTo: "Sign in to {app}", toContinueTo: "to continue to {app}", userName: "User name",
        password: "Password", newPassword: "New password", staySignedIn: "Stay signed in", useSecurityKey: "Use a security key",
        securityKeyNote: "The security key is a stand-in: one click signs in, without a password.",
        pickAccount: "Pick an account", pickAccountFor: "Pick an account for {app}", useAnotherAccount: "Use another account",
        onAnotherDevice: "{app} on another device", cancel: "Cancel", permissionsRequested: "Permissions requested",
        asksForPermission: "{app} asks for permission", wouldActFor: "{app} would like to act for {user}:",
        permissions: [
            "openid": "Know who you are", "profile": "See your name and the rest of your basic profile",
            "email": "See your mail address", "offline_access": "Keep this access while you are away",
            "User.Read": "Sign you in and read your profile", "User.ReadWrite": "Read and change your profile",
            "User.ReadBasic.All": "See the names of everybody in your organization",
            "User.Read.All": "Read the profiles of everybody in your organization",
            "User.ReadWrite.All": "Read and change the profiles of everybody in your organization",
            "User.RevokeSessions.All": "Revoke the sign-in sessions of everybody in your organization",
            "Directory.Read.All": "Read the directory of your organization",
            "Directory.AccessAsUser.All": "Use the directory as you do", "AuditLog.Read.All": "Read the sign-in and audit logs",
            "Group.Read.All": "Read the groups of your organization", "Mail.Read": "Read your mail",
            "Mail.ReadWrite": "Read and change your mail", "Mail.Send": "Send mail as you", "Calendars.Read": "Read your calendars",
            "Calendars.ReadWrite": "Read and change your calendars", "Contacts.Read": "Read your contacts",
            "Files.Read": "Read your files", "Files.ReadWrite": "Read and change your files",
        ], accept: "Accept",
        enterCode: "Enter code", enterCodeOfDevice: "Enter the code of your device",
        enterCodeText: "Enter the code that your app or device shows.",
        tryingToSignIn: "Are you trying to sign in to {app}?",
        onlyIfYouStarted: "Go on only if you started this yourself. Whoever sent you a code would be signed in as you.",
        code: "Code", next: "Next",
        wrongCode: "That code is wrong, has expired or was used already. Check it and try again.",
        youAreSignedIn: "You are signed in",
        signedInOnDevice: "You have signed in to {app} on your device. You may close this page.", declined: "Sign-in declined",
        declinedOnDevice: "{app} on the other device was not signed in.", errorTitle: "Sign-in error",
        errorHeading: "Sorry, but we are having trouble signing you in", requestID: "Request Id", correlationID: "Correlation Id",
        timestamp: "Timestamp", message: "Message", notFound: "Not found", nothingHere: "Lapse has no page at this address.",
        signOutOf: "Which account do you want to sign out of?",
        signedOut: "Signed out", youSignedOut: "You signed out of your account",
        closeWindows: "It is a good idea to close all browser windows.", signingOutOfApp: "Signing out of an app",
        working: "Working...", backToApp: "You are being sent back to your app.", goOn: "Continue",
        whatGoodAppDoes: "What a good app does",
        advice: [
            "signInAgain":
                "It drops the token or code that was refused, keeps the account, and lets the user sign in again. The same request would be refused again.",
            "signInWithClaims":
                "It lets the user sign in again, and hands the claims of the answer to authorize. The same request would be refused again.",
            "showPage": "It shows the sign-in page: without the user nothing can be settled.",
            "waitAndRetry": "It keeps the token, waits as long as Retry-After says, and sends the same request again.",
            "goOnAsking": "It asks again after the interval: the user is not done yet.",
            "changeRequest":
                "It is changed: the request or the registration of the app is wrong, and the user can do nothing about it.",
        ],
        footer: "This is Lapse, a local identity provider for tests. It is not Microsoft, and not a place for a real password.",
        reasons: [
            50126: "The user name or the password is wrong.", 50034: "This account does not exist here.",
            50020: "This account is not a guest of this organization.",
            50053: "Too many wrong passwords. Wait a minute, and try again.",
            50055: "The password has expired. Choose a new one.", 50057: "This account is disabled. Ask your administrator.",
            50076: "Your organization asks for another factor.", 50079: "Your organization asks you to enroll another factor.",
            50078: "The other factor is too old. Give it again.", 53003: "Your organization does not allow this sign-in.",
            530003: "Your organization requires a managed device.",
            50011: "The app wants to send you to an address that is not registered for it.",
            700016: "This app is not registered here.", 90002: "This organization does not exist here.",
        ], otherReason: "This sign-in is not possible.")

    package static let spanish = Words(
        tag: "es", signIn: "Iniciar sesión", signInTo: "Iniciar sesión en {app}", toContinueTo: "para continuar en {app}",
        userName: "Nombre de usuario", password: "Contraseña", newPassword: "Contraseña nueva",
        staySignedIn: "Mantener la sesión iniciada", useSecurityKey: "Usar una llave de seguridad",
        securityKeyNote: "La llave de seguridad es un sustituto del laboratorio: un clic inicia la sesión sin contraseña.",
        pickAccount: "Elija una cuenta", pickAccountFor: "Elija una cuenta para {app}", useAnotherAccount: "Usar otra cuenta",
        onAnotherDevice: "{app} en otro dispositivo", cancel: "Cancelar", permissionsRequested: "Permisos solicitados",
        asksForPermission: "{app} pide permiso", wouldActFor: "{app} quiere actuar en nombre de {user}:",
        permissions: [
            "openid": "Saber quién es usted", "profile": "Ver su nombre y el resto de su perfil básico",
            "email": "Ver su dirección de correo", "offline_access": "Conservar este acceso cuando usted no esté",
            "User.Read": "Iniciar su sesión y leer su perfil", "User.ReadWrite": "Leer y cambiar su perfil",
            "User.ReadBasic.All": "Ver los nombres de todas las personas de su organización",
            "User.Read.All": "Leer los perfiles de todas las personas de su organización",
            "User.ReadWrite.All": "Leer y cambiar los perfiles de todas las personas de su organización",
            "User.RevokeSessions.All": "Revocar las sesiones de todas las personas de su organización",
            "Directory.Read.All": "Leer el directorio de su organización",
            "Directory.AccessAsUser.All": "Usar el directorio como usted lo usa",
            "AuditLog.Read.All": "Leer los registros de inicio de sesión y de auditoría",
            "Group.Read.All": "Leer los grupos de su organización", "Mail.Read": "Leer su correo",
            "Mail.ReadWrite": "Leer y cambiar su correo", "Mail.Send": "Enviar correo en su nombre",
            "Calendars.Read": "Leer sus calendarios", "Calendars.ReadWrite": "Leer y cambiar sus calendarios",
            "Contacts.Read": "Leer sus contactos", "Files.Read": "Leer sus archivos",
            "Files.ReadWrite": "Leer y cambiar sus archivos",
        ], accept: "Aceptar",
        enterCode: "Escriba el código", enterCodeOfDevice: "Escriba el código de su dispositivo",
        enterCodeText: "Escriba el código que muestra su aplicación o dispositivo.",
        tryingToSignIn: "¿Está intentando iniciar sesión en {app}?",
        onlyIfYouStarted: "Siga solo si lo ha empezado usted. Quien le haya enviado un código entraría con su cuenta.",
        code: "Código", next: "Siguiente",
        wrongCode: "Ese código no es correcto, ha caducado o ya se usó. Compruébelo e inténtelo de nuevo.",
        youAreSignedIn: "Ha iniciado sesión",
        signedInOnDevice: "Ha iniciado sesión en {app} en su dispositivo. Puede cerrar esta página.",
        declined: "Inicio de sesión rechazado", declinedOnDevice: "No se inició sesión en {app} en el otro dispositivo.",
        errorTitle: "Error de inicio de sesión", errorHeading: "Lo sentimos, no podemos iniciar su sesión",
        requestID: "Id. de solicitud", correlationID: "Id. de correlación", timestamp: "Marca de tiempo", message: "Mensaje",
        notFound: "No se encontró", nothingHere: "Lapse no tiene ninguna página en esta dirección.",
        signOutOf: "¿De qué cuenta quiere cerrar la sesión?",
        signedOut: "Sesión cerrada",
        youSignedOut: "Ha cerrado la sesión de su cuenta",
        closeWindows: "Es recomendable cerrar todas las ventanas del navegador.",
        signingOutOfApp: "Cerrando la sesión de una aplicación", working: "Un momento...",
        backToApp: "Le llevamos de vuelta a su aplicación.", goOn: "Continuar",
        whatGoodAppDoes: "Qué hace una buena aplicación",
        advice: [
            "signInAgain":
                "Descarta el token o el código rechazado, conserva la cuenta y deja que el usuario inicie sesión de nuevo. La misma solicitud se rechazaría otra vez.",
            "signInWithClaims":
                "Deja que el usuario inicie sesión de nuevo y entrega a authorize las claims de la respuesta. La misma solicitud se rechazaría otra vez.",
            "showPage": "Muestra la página de inicio de sesión: sin el usuario no se puede resolver nada.",
            "waitAndRetry": "Conserva el token, espera lo que dice Retry-After y envía la misma solicitud otra vez.",
            "goOnAsking": "Vuelve a preguntar después del intervalo: el usuario aún no ha terminado.",
            "changeRequest":
                "Hay que cambiarla: la solicitud o el registro de la aplicación es incorrecto, y el usuario no puede hacer nada.",
        ],
        footer:
            "Esto es Lapse, un proveedor de identidad local para pruebas. No es Microsoft, ni lugar para una contraseña verdadera.",
        reasons: [
            50126: "El nombre de usuario o la contraseña no son correctos.", 50034: "Aquí no existe esa cuenta.",
            50020: "Esta cuenta no es invitada de esta organización.",
            50053: "Demasiadas contraseñas incorrectas. Espere un minuto e inténtelo de nuevo.",
            50055: "La contraseña ha caducado. Elija una nueva.",
            50057: "Esta cuenta está deshabilitada. Consulte a su administrador.", 50076: "Su organización pide otro factor.",
            50079: "Su organización le pide que registre otro factor.",
            50078: "El otro factor es demasiado antiguo. Vuelva a indicarlo.",
            53003: "Su organización no permite este inicio de sesión.",
            530003: "Su organización exige un dispositivo administrado.",
            50011: "La aplicación quiere que vuelva a una dirección para la que no está registrada.",
            700016: "Esta aplicación no está registrada aquí.", 90002: "Aquí no existe esa organización.",
        ], otherReason: "Este inicio de sesión no es posible.")

    package static let portuguese = Words(
        tag: "pt-PT", signIn: "Iniciar sessão", signInTo: "Iniciar sessão em {app}", toContinueTo: "para continuar em {app}",
        userName: "Nome de utilizador", password: "Palavra-passe", newPassword: "Nova palavra-passe",
        staySignedIn: "Manter a sessão iniciada", useSecurityKey: "Usar uma chave de segurança",
        securityKeyNote: "A chave de segurança é um substituto do laboratório: um clique inicia a sessão sem palavra-passe.",
        pickAccount: "Escolha uma conta", pickAccountFor: "Escolha uma conta para {app}", useAnotherAccount: "Usar outra conta",
        onAnotherDevice: "{app} noutro dispositivo", cancel: "Cancelar", permissionsRequested: "Permissões pedidas",
        asksForPermission: "{app} pede permissão", wouldActFor: "{app} quer agir em nome de {user}:",
        permissions: [
            "openid": "Saber quem é", "profile": "Ver o seu nome e o resto do seu perfil básico",
            "email": "Ver o seu endereço de correio", "offline_access": "Manter este acesso na sua ausência",
            "User.Read": "Iniciar a sua sessão e ler o seu perfil", "User.ReadWrite": "Ler e alterar o seu perfil",
            "User.ReadBasic.All": "Ver os nomes de todas as pessoas da sua organização",
            "User.Read.All": "Ler os perfis de todas as pessoas da sua organização",
            "User.ReadWrite.All": "Ler e alterar os perfis de todas as pessoas da sua organização",
            "User.RevokeSessions.All": "Revogar as sessões de todas as pessoas da sua organização",
            "Directory.Read.All": "Ler o diretório da sua organização",
            "Directory.AccessAsUser.All": "Usar o diretório como você o usa",
            "AuditLog.Read.All": "Ler os registos de início de sessão e de auditoria",
            "Group.Read.All": "Ler os grupos da sua organização", "Mail.Read": "Ler o seu correio",
            "Mail.ReadWrite": "Ler e alterar o seu correio", "Mail.Send": "Enviar correio em seu nome",
            "Calendars.Read": "Ler os seus calendários", "Calendars.ReadWrite": "Ler e alterar os seus calendários",
            "Contacts.Read": "Ler os seus contactos", "Files.Read": "Ler os seus ficheiros",
            "Files.ReadWrite": "Ler e alterar os seus ficheiros",
        ], accept: "Aceitar",
        enterCode: "Introduza o código", enterCodeOfDevice: "Introduza o código do seu dispositivo",
        enterCodeText: "Introduza o código que a sua aplicação ou dispositivo mostra.",
        tryingToSignIn: "Está a tentar iniciar sessão em {app}?",
        onlyIfYouStarted: "Continue apenas se foi você que começou. Quem lhe enviou um código entraria com a sua conta.",
        code: "Código", next: "Seguinte",
        wrongCode: "Esse código não está certo, expirou ou já foi usado. Verifique-o e tente de novo.",
        youAreSignedIn: "A sessão está iniciada",
        signedInOnDevice: "Iniciou sessão em {app} no seu dispositivo. Pode fechar esta página.",
        declined: "Início de sessão recusado", declinedOnDevice: "Não foi iniciada sessão em {app} no outro dispositivo.",
        errorTitle: "Erro de início de sessão", errorHeading: "Lamentamos, não conseguimos iniciar a sua sessão",
        requestID: "Id. do pedido", correlationID: "Id. de correlação", timestamp: "Data e hora", message: "Mensagem",
        notFound: "Não encontrado", nothingHere: "O Lapse não tem nenhuma página neste endereço.",
        signOutOf: "De qual conta pretende terminar a sessão?",
        signedOut: "Sessão terminada",
        youSignedOut: "Terminou a sessão da sua conta", closeWindows: "É boa ideia fechar todas as janelas do navegador.",
        signingOutOfApp: "A terminar a sessão de uma aplicação", working: "Um momento...",
        backToApp: "Está a voltar à sua aplicação.", goOn: "Continuar",
        whatGoodAppDoes: "O que faz uma boa aplicação",
        advice: [
            "signInAgain":
                "Descarta o token ou o código recusado, mantém a conta e deixa o utilizador iniciar sessão de novo. O mesmo pedido seria recusado outra vez.",
            "signInWithClaims":
                "Deixa o utilizador iniciar sessão de novo e entrega ao authorize as claims da resposta. O mesmo pedido seria recusado outra vez.",
            "showPage": "Mostra a página de início de sessão: sem o utilizador nada se resolve.",
            "waitAndRetry": "Mantém o token, espera o que Retry-After diz e envia o mesmo pedido outra vez.",
            "goOnAsking": "Pergunta de novo depois do intervalo: o utilizador ainda não terminou.",
            "changeRequest": "Tem de ser alterada: o pedido ou o registo da aplicação está errado, e o utilizador nada pode fazer.",
        ],
        footer:
            "Isto é o Lapse, um fornecedor de identidade local para testes. Não é a Microsoft, nem lugar para uma palavra-passe verdadeira.",
        reasons: [
            50126: "O nome de utilizador ou a palavra-passe estão errados.", 50034: "Não existe essa conta aqui.",
            50020: "Esta conta não é convidada desta organização.",
            50053: "Demasiadas palavras-passe erradas. Espere um minuto e tente de novo.",
            50055: "A palavra-passe expirou. Escolha uma nova.", 50057: "Esta conta está desativada. Fale com o administrador.",
            50076: "A sua organização pede outro fator.", 50079: "A sua organização pede que registe outro fator.",
            50078: "O outro fator é demasiado antigo. Dê-o de novo.", 53003: "A sua organização não permite este início de sessão.",
            530003: "A sua organização exige um dispositivo gerido.",
            50011: "A aplicação quer que volte a um endereço para o qual não está registada.",
            700016: "Esta aplicação não está registada aqui.", 90002: "Não existe essa organização aqui.",
        ], otherReason: "Este início de sessão não é possível.")

    package static let brazilian = Words(
        tag: "pt-BR", signIn: "Entrar", signInTo: "Entrar em {app}", toContinueTo: "para continuar em {app}",
        userName: "Nome de usuário", password: "Senha", newPassword: "Nova senha", staySignedIn: "Continuar conectado",
        useSecurityKey: "Usar uma chave de segurança",
        securityKeyNote: "A chave de segurança é uma substituta do laboratório: um clique entra sem senha.",
        pickAccount: "Escolha uma conta", pickAccountFor: "Escolha uma conta para {app}", useAnotherAccount: "Usar outra conta",
        onAnotherDevice: "{app} em outro dispositivo", cancel: "Cancelar", permissionsRequested: "Permissões solicitadas",
        asksForPermission: "{app} pede permissão", wouldActFor: "{app} quer agir em nome de {user}:",
        permissions: [
            "openid": "Saber quem você é", "profile": "Ver seu nome e o resto do seu perfil básico",
            "email": "Ver seu endereço de email", "offline_access": "Manter este acesso enquanto você está ausente",
            "User.Read": "Conectar você e ler seu perfil", "User.ReadWrite": "Ler e alterar seu perfil",
            "User.ReadBasic.All": "Ver os nomes de todas as pessoas da sua organização",
            "User.Read.All": "Ler os perfis de todas as pessoas da sua organização",
            "User.ReadWrite.All": "Ler e alterar os perfis de todas as pessoas da sua organização",
            "User.RevokeSessions.All": "Revogar as sessões de todas as pessoas da sua organização",
            "Directory.Read.All": "Ler o diretório da sua organização",
            "Directory.AccessAsUser.All": "Usar o diretório como você o usa",
            "AuditLog.Read.All": "Ler os logs de entrada e de auditoria", "Group.Read.All": "Ler os grupos da sua organização",
            "Mail.Read": "Ler seus emails", "Mail.ReadWrite": "Ler e alterar seus emails", "Mail.Send": "Enviar email em seu nome",
            "Calendars.Read": "Ler seus calendários", "Calendars.ReadWrite": "Ler e alterar seus calendários",
            "Contacts.Read": "Ler seus contatos", "Files.Read": "Ler seus arquivos",
            "Files.ReadWrite": "Ler e alterar seus arquivos",
        ], accept: "Aceitar",
        enterCode: "Insira o código", enterCodeOfDevice: "Insira o código do seu dispositivo",
        enterCodeText: "Insira o código que seu aplicativo ou dispositivo mostra.",
        tryingToSignIn: "Você está tentando entrar em {app}?",
        onlyIfYouStarted: "Continue apenas se foi você que começou. Quem lhe enviou um código entraria com a sua conta.",
        code: "Código", next: "Avançar",
        wrongCode: "Esse código está errado, expirou ou já foi usado. Verifique e tente de novo.",
        youAreSignedIn: "Você entrou",
        signedInOnDevice: "Você entrou em {app} no seu dispositivo. Pode fechar esta página.",
        declined: "Entrada recusada", declinedOnDevice: "Ninguém entrou em {app} no outro dispositivo.",
        errorTitle: "Erro ao entrar", errorHeading: "Desculpe, não conseguimos conectar você",
        requestID: "ID da solicitação", correlationID: "ID de correlação", timestamp: "Data e hora", message: "Mensagem",
        notFound: "Não encontrado", nothingHere: "O Lapse não tem nenhuma página neste endereço.",
        signOutOf: "De qual conta você quer sair?",
        signedOut: "Você saiu",
        youSignedOut: "Você saiu da sua conta", closeWindows: "É uma boa ideia fechar todas as janelas do navegador.",
        signingOutOfApp: "Saindo de um aplicativo", working: "Um momento...",
        backToApp: "Você está voltando ao seu aplicativo.", goOn: "Continuar",
        whatGoodAppDoes: "O que um bom aplicativo faz",
        advice: [
            "signInAgain":
                "Descarta o token ou o código recusado, mantém a conta e deixa o usuário entrar de novo. A mesma solicitação seria recusada outra vez.",
            "signInWithClaims":
                "Deixa o usuário entrar de novo e entrega ao authorize as claims da resposta. A mesma solicitação seria recusada outra vez.",
            "showPage": "Mostra a página de entrada: sem o usuário nada se resolve.",
            "waitAndRetry": "Mantém o token, espera o que Retry-After diz e envia a mesma solicitação outra vez.",
            "goOnAsking": "Pergunta de novo depois do intervalo: o usuário ainda não terminou.",
            "changeRequest":
                "Precisa ser alterada: a solicitação ou o registro do aplicativo está errado, e o usuário não pode fazer nada.",
        ],
        footer:
            "Este é o Lapse, um provedor de identidade local para testes. Não é a Microsoft, nem lugar para uma senha verdadeira.",
        reasons: [
            50126: "O nome de usuário ou a senha está errada.", 50034: "Essa conta não existe aqui.",
            50020: "Esta conta não é convidada desta organização.",
            50053: "Muitas senhas erradas. Espere um minuto e tente de novo.", 50055: "A senha expirou. Escolha uma nova.",
            50057: "Esta conta está desabilitada. Fale com o administrador.", 50076: "Sua organização pede outro fator.",
            50079: "Sua organização pede que você registre outro fator.",
            50078: "O outro fator é antigo demais. Informe de novo.", 53003: "Sua organização não permite esta entrada.",
            530003: "Sua organização exige um dispositivo gerenciado.",
            50011: "O aplicativo quer levar você a um endereço para o qual não está registrado.",
            700016: "Este aplicativo não está registrado aqui.", 90002: "Essa organização não existe aqui.",
        ], otherReason: "Esta entrada não é possível.")
}
